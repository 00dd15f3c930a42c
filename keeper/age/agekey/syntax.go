package agekey

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// The alphabet and the sizes of Bech32 (BIP 173), which age uses without its
// limit of 90 characters.
const (
	alphabet     = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
	symbolBits   = 5
	checksumSize = 6
)

// native is the part of an age recipient before its last 1, and nativeSize how
// many bytes come after it.
const (
	native     = "age"
	nativeSize = 32
)

// checkBech32 checks the checksum of age1..., which finds any mistyped letter.
func checkBech32(text string) error {
	at := strings.LastIndexByte(text, '1')
	prefix, data := text[:at], text[at+1:]
	if len(data) < checksumSize {
		return errors.New("it is too short")
	}
	symbols := make([]byte, len(data))
	for i, c := range []byte(data) {
		s := strings.IndexByte(alphabet, c)
		if s < 0 {
			return fmt.Errorf("it holds %q, which no recipient does", c)
		}
		symbols[i] = byte(s)
	}
	for _, c := range []byte(prefix) {
		if c < '!' || c > '~' || 'A' <= c && c <= 'Z' {
			return fmt.Errorf("it holds %q, which no recipient does", c)
		}
	}
	if !checksum(prefix, symbols) {
		return errors.New("its checksum is wrong: it is mistyped or cut off")
	}
	return checkData(prefix, symbols[:len(symbols)-checksumSize])
}

// checkData checks the bytes that symbols are: whole ones, the rest zero bits.
func checkData(prefix string, symbols []byte) error {
	const byteBits = 8
	rest := len(symbols) * symbolBits % byteBits
	if rest >= symbolBits || rest > 0 && symbols[len(symbols)-1]&(1<<rest-1) != 0 {
		return errors.New("it does not end where a recipient does")
	}
	if size := len(symbols) * symbolBits / byteBits; prefix == native && size != nativeSize {
		return fmt.Errorf("it has %d bytes instead of %d", size, nativeSize)
	}
	return nil
}

// checksum reports whether the last six symbols are the checksum of the rest.
func checksum(prefix string, symbols []byte) bool {
	generators := [...]uint32{0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3}
	sum := uint32(1)
	add := func(symbol byte) {
		const top = 25
		high := sum >> top
		sum = sum&(1<<top-1)<<symbolBits ^ uint32(symbol)
		for i, g := range generators {
			if high>>i&1 == 1 {
				sum ^= g
			}
		}
	}
	for _, c := range []byte(prefix) {
		add(c >> symbolBits)
	}
	add(0)
	for _, c := range []byte(prefix) {
		add(c & (1<<symbolBits - 1))
	}
	for _, s := range symbols {
		add(s)
	}
	return sum == 1
}

// checkSSH checks that an SSH public key is of a type that age can encrypt to
// and that its parts have the lengths that they say (RFC 4253, 6.6).
func checkSSH(text string) error {
	words := strings.Fields(text)
	if words[0] != "ssh-ed25519" && words[0] != "ssh-rsa" {
		return fmt.Errorf("age has no use for SSH keys of the type %s", words[0])
	}
	if len(words) == 1 {
		return errors.New("the key itself is missing")
	}
	blob, err := base64.StdEncoding.DecodeString(words[1])
	if err != nil {
		return errors.New("it is not whole: what follows the type is not base64")
	}
	var parts []string
	for len(blob) > 0 {
		const length = 4
		if len(blob) < length || uint64(binary.BigEndian.Uint32(blob)) > uint64(len(blob)-length) {
			return errors.New("it is not whole")
		}
		end := length + int(binary.BigEndian.Uint32(blob))
		parts, blob = append(parts, string(blob[length:end])), blob[end:]
	}
	// An ed25519 key has one part, and an RSA key two, after the type.
	const ed25519Size = 32
	switch {
	case len(parts) == 0 || parts[0] != words[0]:
		return fmt.Errorf("it is not the %s key that it says it is", words[0])
	case words[0] == "ssh-ed25519" && (len(parts) != 2 || len(parts[1]) != ed25519Size), words[0] == "ssh-rsa" && len(parts) != 3:
		return errors.New("it is not whole")
	}
	return nil
}
