package cipher

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
)

// The standard library offers GCM over one piece of memory only. A stream is the
// same cipher over any number of pieces, made of two parts of it: counter mode for
// the data, and GCM over nothing but additional data, which is its authentication
// (GMAC), for each piece. The authentication of a whole follows from that of its
// pieces, since it is a polynomial in H, the encryption of zero (NIST SP 800-38D,
// 6.4): with U the sum of a piece times H, and m the blocks of the second,
//
//	U(first, second) = U(first) · H^m + U(second)
type stream struct {
	gcm   cipher.AEAD
	block cipher.Block
	nonce []byte

	counter [aes.BlockSize]byte // of the next block of data
	key     cipher.Stream       // from counter on
	mask    element             // what a tag is masked with: the encrypted first counter
	h       element
	power   element // H to the number of blocks of a piece
	sum     element // U of all pieces so far
	aad     int     // its length
	data    int     // the length of all pieces so far
	room    [tagSize]byte
}

// piece is the length of the pieces that a stream takes, but for the last one.
const piece = 48 << 10 // a multiple of 16, and of 3 for base64

// newStream returns a stream over no data. The nonce must have NonceSize.
func (c *Cipher) newStream(nonce, aad []byte) *stream {
	s := &stream{gcm: c.gcm, block: c.block, nonce: nonce, aad: len(aad)}
	var zero, h [aes.BlockSize]byte
	c.block.Encrypt(h[:], zero[:])
	s.h = elementOf(h[:])
	s.power = s.h.power(piece / aes.BlockSize)
	// The first counter of a nonce that has not 12 bytes is a sum over it.
	var first element
	for i := 0; i < len(nonce); i += aes.BlockSize {
		first = first.plus(elementOf(nonce[i:])).times(s.h)
	}
	first = first.plus(element{lo: uint64(len(nonce)) * 8}).times(s.h)
	first.put(s.counter[:])
	c.block.Encrypt(h[:], s.counter[:])
	s.mask = elementOf(h[:])
	s.sum = s.sumOf(aad)
	s.skip(1)
	return s
}

// skip moves the counter n blocks on. Only its last 32 bits count.
func (s *stream) skip(n int) {
	low := s.counter[aes.BlockSize-4:]
	binary.BigEndian.PutUint32(low, binary.BigEndian.Uint32(low)+uint32(n))
	s.key = nil
}

// apply puts the encryption of src, or its decryption, into dst.
func (s *stream) apply(dst, src []byte) {
	for len(src) > 0 {
		if s.key == nil {
			s.key = cipher.NewCTR(s.block, s.counter[:])
		}
		// The standard library carries into the other bits, GCM does not.
		left := (1<<32 - int(binary.BigEndian.Uint32(s.counter[aes.BlockSize-4:]))) * aes.BlockSize
		n := min(len(src), left)
		s.key.XORKeyStream(dst[:n], src[:n])
		key := s.key
		s.skip((n + aes.BlockSize - 1) / aes.BlockSize)
		if n < left {
			s.key = key
		}
		dst, src = dst[n:], src[n:]
	}
}

// add takes the next piece of encrypted data.
func (s *stream) add(encrypted []byte) {
	power := s.power
	if len(encrypted) != piece {
		power = s.h.power((len(encrypted) + aes.BlockSize - 1) / aes.BlockSize)
	}
	s.sum = s.sum.times(power).plus(s.sumOf(encrypted))
	s.data += len(encrypted)
}

// sumOf returns U of a piece.
func (s *stream) sumOf(data []byte) element {
	if len(data) == 0 {
		return element{}
	}
	tag := s.gcm.Seal(s.room[:0], s.nonce, nil, data)
	return elementOf(tag).plus(s.mask).plus(element{hi: uint64(len(data)) * 8}.times(s.h))
}

// tag returns the tag of all data.
func (s *stream) tag() [tagSize]byte {
	var out [tagSize]byte
	lengths := element{uint64(s.aad) * 8, uint64(s.data) * 8}
	s.sum.plus(lengths.times(s.h)).plus(s.mask).put(out[:])
	return out
}

// An element is a polynomial over two elements, as GCM multiplies them, with the coefficient of 1 in its highest
// bit.
type element struct{ hi, lo uint64 }

func elementOf(b []byte) element {
	return element{binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])}
}

func (e element) put(b []byte) {
	binary.BigEndian.PutUint64(b, e.hi)
	binary.BigEndian.PutUint64(b[8:], e.lo)
}

func (e element) plus(f element) element { return element{e.hi ^ f.hi, e.lo ^ f.lo} }

// times multiplies, in constant time.
func (e element) times(f element) element {
	var out element
	for i := range 128 {
		bits := e.hi
		if i >= 64 {
			bits = e.lo
		}
		take := -(bits >> (63 - i%64) & 1)
		out = element{out.hi ^ f.hi&take, out.lo ^ f.lo&take}
		reduce := -(f.lo & 1)
		f = element{f.hi>>1 ^ reduce&(0xe1<<56), f.lo>>1 | f.hi<<63}
	}
	return out
}

// power returns e multiplied with itself, n times in all.
func (e element) power(n int) element {
	out := element{hi: 1 << 63} // one
	for ; n > 0; n >>= 1 {
		if n&1 == 1 {
			out = out.times(e)
		}
		e = e.times(e)
	}
	return out
}
