package shamir

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// seeded returns random bytes that are the same in every run.
func seeded(seed byte) *rand.ChaCha8 { return rand.NewChaCha8([32]byte{seed}) }

type vector struct {
	File      string
	Threshold int
	Secret    string
	Shares    []string
}

func vectors(t *testing.T) []vector {
	t.Helper()
	src, err := os.ReadFile("testdata/shares.json")
	if err != nil {
		t.Fatal(err)
	}
	var vs []vector
	if err := json.Unmarshal(src, &vs); err != nil {
		t.Fatal(err)
	}
	return vs
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// subsets returns all subsets of size n.
func subsets(shares [][]byte, n int) [][][]byte {
	if n == 0 {
		return [][][]byte{nil}
	}
	var all [][][]byte
	for i := range shares {
		for _, rest := range subsets(shares[i+1:], n-1) {
			all = append(all, append([][]byte{shares[i]}, rest...))
		}
	}
	return all
}

func TestSharesOfTheReferenceGiveItsDataKeys(t *testing.T) {
	t.Parallel()
	for _, v := range vectors(t) {
		t.Run(v.File, func(t *testing.T) {
			t.Parallel()
			var shares [][]byte
			for _, s := range v.Shares {
				shares = append(shares, unhex(t, s))
			}
			for n := v.Threshold; n <= len(shares); n++ {
				for _, some := range subsets(shares, n) {
					got, err := Combine(some)
					if err != nil {
						t.Fatal(err)
					}
					if want := unhex(t, v.Secret); !bytes.Equal(got, want) {
						t.Errorf("Combine(%x) = %x, want %x", some, got, want)
					}
				}
			}
		})
	}
}

func TestSharesOfTheReferenceAreFoundFromTheOthers(t *testing.T) {
	t.Parallel()
	for _, v := range vectors(t) {
		if len(v.Shares) <= v.Threshold {
			continue
		}
		others := [][]byte{unhex(t, v.Shares[0]), unhex(t, v.Shares[1])}
		want := unhex(t, v.Shares[2])
		got, err := At(others, want[len(want)-1])
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: share 3 (-want +got):\n%s", v.File, diff)
		}
	}
}

func TestAnyThresholdOfSharesGivesTheSecret(t *testing.T) {
	t.Parallel()
	secret := []byte("0123456789abcdef0123456789abcdef")
	for parts := 2; parts <= 6; parts++ {
		for threshold := 2; threshold <= parts; threshold++ {
			shares, err := Split(secret, parts, threshold, seeded(byte(parts*10+threshold)))
			if err != nil {
				t.Fatal(err)
			}
			for n := threshold; n <= parts; n++ {
				for _, some := range subsets(shares, n) {
					if got, err := Combine(some); err != nil || !bytes.Equal(got, secret) {
						t.Errorf("%d of %d: Combine of %d shares = %q, %v", threshold, parts, n, got, err)
					}
				}
			}
			for _, few := range subsets(shares, threshold-1) {
				if got, err := Combine(few); err == nil && bytes.Equal(got, secret) {
					t.Errorf("%d of %d: %d shares gave the secret", threshold, parts, threshold-1)
				}
			}
		}
	}
}

// The last byte of the wire is x, and group i (from 0) has x = i+1.
func TestSharesEndWithTheirNumber(t *testing.T) {
	t.Parallel()
	shares, err := Split(make([]byte, 32), MaxParts, 2, seeded(1))
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range shares {
		if len(s) != 33 || s[32] != byte(i+1) {
			t.Errorf("share %d has %d bytes and ends with %d", i, len(s), s[len(s)-1])
		}
	}
}

func TestAllPartsCanBeNeeded(t *testing.T) {
	t.Parallel()
	secret := []byte("secret")
	shares, err := Split(secret, MaxParts, MaxParts, seeded(2))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Combine(shares); err != nil || !bytes.Equal(got, secret) {
		t.Errorf("Combine = %q, %v", got, err)
	}
}

func TestLimitsOfSplittingAreHeld(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name             string
		secret           string
		parts, threshold int
	}{
		{"threshold of one", "s", 3, 1},
		{"threshold of zero", "s", 3, 0},
		{"negative threshold", "s", 3, -1},
		{"threshold over parts", "s", 2, 3},
		{"too many parts", "s", 256, 2},
		{"one part", "s", 1, 1},
		{"no secret", "", 2, 2},
	}
	for _, tt := range tests {
		if shares, err := Split([]byte(tt.secret), tt.parts, tt.threshold, seeded(0)); err == nil {
			t.Errorf("%s: Split gave %d shares, want an error", tt.name, len(shares))
		}
	}
}

func TestSplitNeedsRandomness(t *testing.T) {
	t.Parallel()
	if _, err := Split(make([]byte, 32), 3, 3, bytes.NewReader(make([]byte, 63))); err == nil {
		t.Error("Split of 32 bytes with degree 2 was content with 63 random bytes")
	}
}

func TestSharesThatCannotBelongTogetherAreRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		shares [][]byte
	}{
		{"none", nil},
		{"one", [][]byte{{1, 1}}},
		{"same number", [][]byte{{1, 2}, {3, 2}}},
		{"number zero", [][]byte{{1, 0}, {3, 2}}},
		{"different lengths", [][]byte{{1, 1}, {3, 3, 2}}},
		{"only a number", [][]byte{{1}, {2}}},
		{"empty", [][]byte{{}, {}}},
	}
	for _, tt := range tests {
		if _, err := Combine(tt.shares); err == nil {
			t.Errorf("%s: Combine took %v", tt.name, tt.shares)
		}
		if _, err := At(tt.shares, 9); err == nil {
			t.Errorf("%s: At took %v", tt.name, tt.shares)
		}
	}
}

func TestEveryFieldElementHasItsInverse(t *testing.T) {
	t.Parallel()
	for a := 1; a < 256; a++ {
		if got := multiply(byte(a), inverse(byte(a))); got != 1 {
			t.Errorf("%#x times its inverse = %#x, want 1", a, got)
		}
	}
	if inverse(0) != 0 {
		t.Error("the inverse of 0 is not 0")
	}
}

// The products are those of FIPS 197, sections 4.2 and 4.2.1.
func TestMultiplicationIsThatOfAES(t *testing.T) {
	t.Parallel()
	for _, p := range [][3]byte{{0x57, 0x83, 0xc1}, {0x57, 0x13, 0xfe}, {0x57, 0x02, 0xae}, {0x57, 0x10, 0x07}} {
		if got := multiply(p[0], p[1]); got != p[2] {
			t.Errorf("%#x times %#x = %#x, want %#x", p[0], p[1], got, p[2])
		}
	}
}

func FuzzCombineUndoesSplit(f *testing.F) {
	f.Add([]byte("secret"), byte(3), byte(2), byte(0), byte(9))
	f.Fuzz(func(t *testing.T, secret []byte, parts, threshold, seed, x byte) {
		random := seeded(seed)
		shares, err := Split(secret, int(parts), int(threshold), random)
		if err != nil {
			return // outside of the limits
		}
		rand.New(random).Shuffle(len(shares), func(i, j int) { shares[i], shares[j] = shares[j], shares[i] })
		some := shares[:threshold]
		if got, err := Combine(some); err != nil || !bytes.Equal(got, secret) {
			t.Fatalf("Combine = %x, %v; want %x", got, err, secret)
		}
		for _, s := range shares {
			if got, err := At(some, s[len(s)-1]); err != nil || !bytes.Equal(got, s) {
				t.Fatalf("At = %x, %v; want %x", got, err, s)
			}
		}
		if y, err := At(some, x); err == nil && x != 0 {
			if got, err := Combine(append([][]byte{y}, without(some, x)[:threshold-1]...)); err != nil || !bytes.Equal(got, secret) {
				t.Fatalf("Combine with the share at %d = %x, %v; want %x", x, got, err, secret)
			}
		}
	})
}

// without returns the shares that are not at x.
func without(shares [][]byte, x byte) [][]byte {
	var rest [][]byte
	for _, s := range shares {
		if at(s) != x {
			rest = append(rest, s)
		}
	}
	return rest
}

func FuzzCombineNeverPanics(f *testing.F) {
	f.Add([]byte{1, 1, 2, 2}, 2)
	f.Fuzz(func(t *testing.T, all []byte, size int) {
		if size <= 0 || size > 64 {
			return
		}
		var shares [][]byte
		for len(all) > 0 {
			n := min(size, len(all))
			shares, all = append(shares, all[:n]), all[n:]
		}
		if secret, err := Combine(shares); err == nil && len(secret) != size-1 {
			t.Fatalf("Combine of shares of %d bytes gave %d bytes", size, len(secret))
		}
	})
}
