import os

import jwt  # pip install PyJWT

KEY = os.environ["TOLLGATE_KEY"]


def read_session(authorization):
    """Returns the session that the gateway signed, or None: then respond with 401."""
    if not authorization or not authorization.startswith("Bearer "):
        return None
    try:
        options = {"require": ["exp"]}
        return jwt.decode(authorization[7:], KEY, algorithms=["HS256"], options=options)
    except jwt.InvalidTokenError:
        return None
