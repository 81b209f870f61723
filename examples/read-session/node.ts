import { jwtVerify } from 'jose'; // npm install jose

const key = new TextEncoder().encode(process.env['TOLLGATE_KEY']);

/** Returns the session that the gateway signed, or null: then respond with 401. */
export async function readSession(authorization: string | undefined) {
  const token = authorization?.replace(/^Bearer /, '');
  if (!token) return null;
  try {
    const { payload } = await jwtVerify(token, key, { algorithms: ['HS256'], requiredClaims: ['exp'] });
    return payload; // { username, roles: { manager: [{ slug, subscriptions: [{ plan, ends_at }] }] }, … }
  } catch {
    return null;
  }
}
