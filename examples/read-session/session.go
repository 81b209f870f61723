package session

import (
	"os"
	"strings"

	"github.com/golang-jwt/jwt/v5" // go get github.com/golang-jwt/jwt/v5
)

// ReadSession returns the session that the gateway signed, or nil: then respond with 401.
func ReadSession(authorization string) jwt.MapClaims {
	text, found := strings.CutPrefix(authorization, "Bearer ")
	if !found {
		return nil
	}
	key := func(*jwt.Token) (any, error) { return []byte(os.Getenv("TOLLGATE_KEY")), nil }
	claims := jwt.MapClaims{}
	_, err := jwt.ParseWithClaims(text, claims, key, jwt.WithValidMethods([]string{"HS256"}), jwt.WithExpirationRequired())
	if err != nil {
		return nil
	}
	return claims
}
