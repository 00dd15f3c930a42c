package cipher

import (
	"bytes"
	"crypto/cipher"
	"errors"
	"strings"
	"testing"
)

func testKey() []byte {
	k := make([]byte, 32)
	for i := range k {
		k[i] = byte(i)
	}
	return k
}

// The worked example of the format: data key and nonce are 00 01 … 1f.
var worked = []struct{ plain, typ, aad, token string }{
	{"hello", "str", "k:", "data:BoPx0eU=,iv:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=,tag:faT+6W9eahEjAkO78pZbrg=="},
	{"42", "int", "a:n:", "data:WtQ=,iv:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=,tag:IP/EsThZthPuPFkzdAtt2Q=="},
	{"True", "bool", "b:", "data:OpTo2A==,iv:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=,tag:1llO3QBJUQrS0gP7fsBjhw=="},
	{"1.5", "float", "f:", "data:X8io,iv:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=,tag:CeU7AL87JT5/Sd2R2EPNdg=="},
	{"2001-12-14T00:00:00Z", "time", "d:", "data:XNatjKfzR9LhoyNc1cZET7TTy6A=,iv:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=,tag:l2fovAFPgA5W8E3nqMJjMw=="},
	{" note", "comment", ":", "data:Tojyye8=,iv:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=,tag:P2Ss1wq67ETFwOXXpQpguA=="},
	{"x", "str", "l:", "data:Fg==,iv:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=,tag:W6GH6vrWTuNhQuR5rybrHg=="},
	{"é", "str", "clé:", "data:rU8=,iv:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=,tag:bKwvv9OTDucmhenJe4r2Jg=="},
}

func TestTokensAreThoseOfTheWorkedExample(t *testing.T) {
	c, err := New(testKey())
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range worked {
		want := "ENC[AES256_GCM," + w.token + ",type:" + w.typ + "]"
		if got := c.Encrypt(testKey(), w.plain, []byte(w.aad), w.typ); got != want {
			t.Errorf("Seal(%q):\n got %s\nwant %s", w.plain, got, want)
		}
		token, err := Parse(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := c.Decrypt(token, []byte(w.aad))
		if err != nil || got != w.plain || token.Type != w.typ {
			t.Errorf("Open(%s) = %q, %v, type %s; want %q, type %s", want, got, err, token.Type, w.plain, w.typ)
		}
	}
}

func TestATokenOpensOnlyAtItsPlaceAndUnderItsKey(t *testing.T) {
	c, _ := New(testKey())
	token, _ := Parse(c.Encrypt(testKey(), "hello", []byte("k:"), "str"))
	if _, err := c.Decrypt(token, []byte("other:")); !errors.Is(err, ErrForged) {
		t.Errorf("other place: got %v, want ErrForged", err)
	}
	other, _ := New(bytes.Repeat([]byte{7}, 32))
	if _, err := other.Decrypt(token, []byte("k:")); !errors.Is(err, ErrForged) {
		t.Errorf("other key: got %v, want ErrForged", err)
	}
}

func TestEveryNonceLengthOpens(t *testing.T) {
	c, _ := New(testKey())
	for _, n := range []int{8, 12, 16, 24, 32, 64} {
		gcm, err := cipher.NewGCMWithNonceSize(c.block, n)
		if err != nil {
			t.Fatal(err)
		}
		wide := &Cipher{block: c.block, gcm: gcm}
		token, err := Parse(wide.Encrypt(bytes.Repeat([]byte{1}, n), "hello", []byte("k:"), "str"))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := c.Decrypt(token, []byte("k:")); err != nil || got != "hello" {
			t.Errorf("nonce of %d bytes: %q, %v", n, got, err)
		}
	}
}

func TestKeysOfOtherLengthsAreRefused(t *testing.T) {
	for _, n := range []int{0, 16, 24, 31, 33} {
		if _, err := New(make([]byte, n)); err == nil {
			t.Errorf("a key of %d bytes was taken", n)
		}
	}
}

func TestParse(t *testing.T) {
	good := "ENC[AES256_GCM,data:WtQ=,iv:AAEC,tag:IP/EsThZthPuPFkzdAtt2Q==,type:int]"
	for _, tc := range []struct {
		name, text string
		ok         bool
	}{
		{"as written", good, true},
		{"a line break after, as of a block scalar", good + "\n", true},
		{"text after the bracket", good + " # x", true},
		{"leading blank", " " + good, false},
		{"line break inside", strings.Replace(good, "WtQ=", "Wt\nQ=", 1), false},
		{"no data", strings.Replace(good, "WtQ=", "", 1), false},
		{"other order", "ENC[AES256_GCM,iv:AAEC,data:WtQ=,tag:IP/E,type:int]", false},
		{"other algorithm", strings.Replace(good, "AES256", "aes256", 1), false},
		{"no bracket", strings.TrimSuffix(good, "]"), false},
		{"nothing", "", false},
	} {
		if _, err := Parse(tc.text); (err == nil) != tc.ok {
			t.Errorf("%s: %v, want ok = %v", tc.name, err, tc.ok)
		}
	}
}

func FuzzWhatIsEncryptedDecrypts(f *testing.F) {
	f.Add("hello", "k:", "str")
	f.Add("", "", "int")
	c, err := New(testKey())
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, plain, aad, typ string) {
		text := c.Encrypt(testKey(), plain, []byte(aad), typ)
		token, err := Parse(text)
		if err != nil {
			return // an empty plaintext or a strange type is never written
		}
		if got, err := c.Decrypt(token, []byte(aad)); err == nil && got != plain {
			t.Errorf("got %q, want %q", got, plain)
		}
	})
}

func FuzzParseNeverPanics(f *testing.F) {
	f.Add("ENC[AES256_GCM,data:WtQ=,iv:AAEC,tag:IP/E,type:int]")
	c, err := New(testKey())
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		token, err := Parse(text)
		if err != nil {
			return
		}
		if _, err := c.Decrypt(token, []byte("k:")); err == nil && !IsToken(text) {
			t.Errorf("%q decrypted but is no token", text)
		}
	})
}

func BenchmarkSeal64(b *testing.B) {
	c, _ := New(testKey())
	plain := strings.Repeat("x", 64)
	for b.Loop() {
		c.Encrypt(testKey(), plain, []byte("team:service:password:"), "str")
	}
}

func BenchmarkOpen64(b *testing.B) {
	c, _ := New(testKey())
	text := c.Encrypt(testKey(), strings.Repeat("x", 64), []byte("k:"), "str")
	for b.Loop() {
		token, _ := Parse(text)
		if _, err := c.Decrypt(token, []byte("k:")); err != nil {
			b.Fatal(err)
		}
	}
}
