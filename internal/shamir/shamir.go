// Package shamir splits a secret into shares, any threshold of which give it
// back while fewer say nothing about it.
//
// Each byte of the secret is the constant term of a random polynomial of
// degree threshold-1 over GF(2^8). A share is the values of all these
// polynomials at one x, and then that x:
//
//	share = y[0] ... y[len(secret)-1] x
//
// Split gives the shares x = 1, 2, 3 ...; files of older programs hold other
// x, so a reader goes by the byte and not by the place. A share has no
// checksum: a wrong one gives a wrong secret, which only the user of the secret
// can notice.
package shamir

import (
	"errors"
	"fmt"
	"io"
)

// MaxParts is the largest number of shares: as many as there are x but 0.
const MaxParts = 255

// Split returns parts shares of secret, any threshold of which are enough.
// Both numbers are between 2 and MaxParts.
func Split(secret []byte, parts, threshold int, random io.Reader) ([][]byte, error) {
	switch {
	case len(secret) == 0:
		return nil, errors.New("shamir: the secret is empty")
	case threshold < 2:
		return nil, fmt.Errorf("shamir: threshold %d is less than 2", threshold)
	case parts < threshold:
		return nil, fmt.Errorf("shamir: threshold %d is more than the %d parts", threshold, parts)
	case parts > MaxParts:
		return nil, fmt.Errorf("shamir: %d parts are more than %d", parts, MaxParts)
	}
	degree := threshold - 1
	coefficients := make([]byte, len(secret)*degree)
	if _, err := io.ReadFull(random, coefficients); err != nil {
		return nil, fmt.Errorf("shamir: %w", err)
	}
	shares := make([][]byte, parts)
	for i := range shares {
		x := byte(i + 1)
		share := make([]byte, 0, len(secret)+1)
		for j, s := range secret {
			share = append(share, evaluate(s, coefficients[j*degree:(j+1)*degree], x))
		}
		shares[i] = append(share, x)
	}
	clear(coefficients)
	return shares, nil
}

// Combine returns the secret of which shares are at least threshold shares.
// With fewer, or with a wrong one, it returns other bytes and no error.
func Combine(shares [][]byte) ([]byte, error) {
	if err := check(shares); err != nil {
		return nil, err
	}
	return interpolate(shares, 0), nil
}

// At returns the share at x, as Split would have made it, from at least
// threshold others. At 0 it returns the secret.
func At(shares [][]byte, x byte) ([]byte, error) {
	if x == 0 {
		return Combine(shares)
	}
	if err := check(shares); err != nil {
		return nil, err
	}
	return append(interpolate(shares, x), x), nil
}

// check refuses what cannot be interpolated.
func check(shares [][]byte) error {
	if len(shares) < 2 {
		return fmt.Errorf("shamir: %d shares are too few, at least 2 are needed", len(shares))
	}
	var seen [256]bool
	for _, s := range shares {
		if len(s) < 2 || len(s) != len(shares[0]) {
			return fmt.Errorf("shamir: a share of %d bytes beside one of %d", len(s), len(shares[0]))
		}
		switch x := at(s); {
		case x == 0:
			return errors.New("shamir: a share has the number 0")
		case seen[x]:
			return fmt.Errorf("shamir: two shares have the number %d", x)
		default:
			seen[x] = true
		}
	}
	return nil
}

// at returns the x of a share.
func at(share []byte) byte { return share[len(share)-1] }

// interpolate returns the values at x of the polynomials through shares.
func interpolate(shares [][]byte, x byte) []byte {
	out := make([]byte, len(shares[0])-1)
	for i, s := range shares {
		weight := byte(1) // Lagrange: 1 at the x of s, 0 at all others
		for j, o := range shares {
			if j != i {
				weight = multiply(weight, multiply(x^at(o), inverse(at(s)^at(o))))
			}
		}
		for k := range out {
			out[k] ^= multiply(s[k], weight)
		}
	}
	return out
}
