<?php

use Firebase\JWT\JWT; // composer require firebase/php-jwt
use Firebase\JWT\Key;

/** Returns the session that the gateway signed, or null: then respond with 401. */
function readSession(?string $authorization): ?stdClass
{
    if ($authorization === null || !str_starts_with($authorization, 'Bearer ')) {
        return null;
    }
    try {
        $session = JWT::decode(substr($authorization, 7), new Key(getenv('TOLLGATE_KEY'), 'HS256'));
        return isset($session->exp) ? $session : null;
    } catch (UnexpectedValueException | DomainException $error) {
        return null;
    }
}
