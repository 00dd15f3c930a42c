package cipher

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"testing"
)

// A stream is the GCM of the standard library, whatever the length, and also where
// the counter of 32 bits begins anew.
func TestAStreamIsTheCipherInPieces(t *testing.T) {
	t.Parallel()
	c, err := New(random(t, 32))
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{0, 1, 15, 16, 17, piece - 1, piece, piece + 1, 2 * piece, 3*piece + 5, 1 << 20} {
		for _, aad := range []int{0, 1, 16, 33} {
			sameInPieces(t, c, random(t, NonceSize), random(t, size), random(t, aad))
		}
	}
	const blocks = 1 << 16
	nonce := random(t, NonceSize)
	for tries := uint64(0); ; tries++ {
		binary.BigEndian.PutUint64(nonce, tries)
		s := c.newStream(nonce, nil)
		if left := 1<<32 - uint64(binary.BigEndian.Uint32(s.counter[12:])); left < blocks {
			sameInPieces(t, c, nonce, random(t, blocks*16+16), []byte("wraps"))
			return
		}
	}
}

func sameInPieces(t *testing.T, c *Cipher, nonce, plain, aad []byte) {
	t.Helper()
	want := c.gcm.Seal(nil, nonce, plain, aad)
	s, back := c.newStream(nonce, aad), c.newStream(nonce, aad)
	var got []byte
	for at := 0; at < len(plain); at += piece {
		part := plain[at:min(at+piece, len(plain))]
		encrypted := make([]byte, len(part))
		s.apply(encrypted, part)
		s.add(encrypted)
		got = append(got, encrypted...)
		back.apply(encrypted, encrypted)
		if !bytes.Equal(encrypted, part) {
			t.Errorf("%d bytes, %d of aad: the piece at %d decrypts to something else", len(plain), len(aad), at)
		}
	}
	tag := s.tag()
	if got = append(got, tag[:]...); !bytes.Equal(got, want) {
		t.Errorf("%d bytes, %d of aad: in pieces the result is another one", len(plain), len(aad))
	}
}

func random(t *testing.T, n int) []byte {
	t.Helper()
	b := make([]byte, n)
	if _, err := rand.Read(b); err != nil {
		t.Fatal(err)
	}
	return b
}

// What is large is encrypted and decrypted as what is not.
func TestLargeValuesAreEncryptedAlike(t *testing.T) {
	t.Parallel()
	c, err := New(random(t, 32))
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{1, piece - 1, piece, piece + 1, 3*piece + 1, Large} {
		plain, nonce, aad := string(random(t, size)), random(t, NonceSize), []byte("data:")
		want := c.Encrypt(nonce, plain, aad, "str")
		var beside bytes.Buffer
		got := string(c.AppendEncrypt([]byte("x"), nonce, plain, aad, "str", &beside))
		if got != "x"+want || beside.String() != plain || len(want) != TokenSize(size, "str") {
			t.Errorf("%d bytes: the token is another one", size)
		}
		for _, spent := range []bool{false, true} {
			beside.Reset()
			token, err := Parse(string([]byte(want)))
			if err != nil {
				t.Fatal(err)
			}
			back, err := c.DecryptLarge(token, aad, spent, &beside)
			if err != nil || back != plain || beside.String() != plain {
				t.Errorf("%d bytes, spent %t: it decrypts to something else (%v)", size, spent, err)
			}
		}
		for _, at := range []int{len(prefix), len(want) - len(",type:str]") - 5, len(want) - 60} {
			damaged := []byte(want)
			if damaged[at] = 'A'; want[at] == 'A' {
				damaged[at] = 'B'
			}
			token, err := Parse(string(damaged))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.DecryptLarge(token, aad, false, &beside); err == nil {
				t.Errorf("%d bytes: a token that was damaged at %d is decrypted", size, at)
			}
		}
		if size > piece { // padding where a piece ends is padding within the data
			split := want[:len(prefix)+piece/3*4-2] + "==" + want[len(prefix)+piece/3*4:]
			if token, err := Parse(split); err == nil {
				if _, err := c.DecryptLarge(token, aad, false, &beside); err == nil {
					t.Errorf("%d bytes: padding within the data is taken", size)
				}
			}
		}
	}
}
