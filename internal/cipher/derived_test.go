package cipher

import (
	"bytes"
	"testing"
)

// Tokens of a derived cipher are equal exactly where all that they are made of is.
func TestDerivedTokensAreAFunctionOfTheirValues(t *testing.T) {
	key := bytes.Repeat([]byte{7}, 32)
	zero := make([]byte, NonceSize)
	token := func(key []byte, plain, aad, typ string) string {
		c, err := Derived(key, nil)
		if err != nil {
			t.Fatal(err)
		}
		return c.Encrypt(zero, plain, []byte(aad), typ)
	}
	base := token(key, "plain", "a:", "str")
	if again := token(key, "plain", "a:", "str"); again != base {
		t.Errorf("the same value gets another token: %s, %s", base, again)
	}
	nonces := map[string]string{}
	for name, tok := range map[string]string{
		"base": base, "plaintext": token(key, "plaim", "a:", "str"), "place": token(key, "plain", "b:", "str"),
		"type": token(key, "plain", "a:", "int"), "border": token(key, "lain", "a:p", "str"), "data key": token(bytes.Repeat([]byte{8}, 32), "plain", "a:", "str"),
	} {
		p, err := Parse(tok)
		if err != nil {
			t.Fatal(err)
		}
		if other, ok := nonces[string(p.Nonce())]; ok {
			t.Errorf("%s and %s share a nonce", name, other)
		}
		nonces[string(p.Nonce())] = name
	}
}

func TestDerivedKeepsMarksAndTokens(t *testing.T) {
	key := bytes.Repeat([]byte{7}, 32)
	c, err := Derived(key, map[Value]string{{"known", "a:", "str"}: "ENC[the one]"})
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Encrypt(make([]byte, NonceSize), "known", []byte("a:"), "str"); got != "ENC[the one]" {
		t.Errorf("a known token is not taken: %s", got)
	}
	marked := append(make([]byte, NonceSize/2), bytes.Repeat([]byte{1}, NonceSize/2)...)
	got := c.Nonce(marked, "plain", nil, "str")
	if !bytes.Equal(got[NonceSize/2:], marked[NonceSize/2:]) || bytes.Equal(got[:NonceSize/2], marked[:NonceSize/2]) {
		t.Errorf("of a marked nonce came %x", got)
	}
	whole := bytes.Repeat([]byte{2}, NonceSize)
	if got := c.Nonce(whole, "plain", nil, "str"); !bytes.Equal(got, whole) {
		t.Errorf("a whole nonce became %x", got)
	}
	p, err := Parse(c.Encrypt(marked, "plain", []byte("a:"), "str"))
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := c.Decrypt(p, []byte("a:")); err != nil || plain != "plain" {
		t.Errorf("the token does not open: %q, %v", plain, err)
	}
}
