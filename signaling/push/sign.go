package push

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// secretPrefix marks a secret in base64, as Standard Webhooks writes them.
const secretPrefix = "whsec_"

// minSecret is the shortest secret in bytes: 128 bits.
const minSecret = 16

// key is the key that a secret stands for.
func key(secret string) ([]byte, error) {
	k := []byte(secret)
	if coded, ok := strings.CutPrefix(secret, secretPrefix); ok {
		var err error
		if k, err = base64.StdEncoding.DecodeString(coded); err != nil {
			return nil, fmt.Errorf("push: the secret begins with %s, and what follows is not base64: %w", secretPrefix, err)
		}
	}
	if len(k) < minSecret {
		return nil, fmt.Errorf("push: given a secret of %d bytes; needed are at least %d", len(k), minSecret)
	}
	return k, nil
}

// sign gives the headers webhook-timestamp and webhook-signature of a message.
func sign(key []byte, id string, at time.Time, body []byte) (timestamp, signature string) {
	timestamp = strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + timestamp + "."))
	mac.Write(body)
	return timestamp, "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
