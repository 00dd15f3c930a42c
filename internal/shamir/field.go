package shamir

// Shares are computed in GF(2^8) with the polynomial of AES, x^8+x^4+x^3+x+1. Nothing
// here branches on a value or indexes a table by one, since the time of either
// would tell of secrets.

// reduce is the polynomial without its x^8, which has left the byte.
const reduce = 0x1b

// multiply returns a times b.
func multiply(a, b byte) byte {
	var product byte
	for range 8 {
		product ^= a & -(b & 1)
		a = a<<1 ^ reduce&-(a>>7)
		b >>= 1
	}
	return product
}

// inverse returns 1/a as a^254, and 0 for 0.
func inverse(a byte) byte {
	result := byte(1)
	square := a
	for range 7 { // 254 = 2 + 4 + 8 + ... + 128
		square = multiply(square, square)
		result = multiply(result, square)
	}
	return result
}

// evaluate returns constant + c[0]x + c[1]x^2 + ...
func evaluate(constant byte, c []byte, x byte) byte {
	var y byte
	for i := len(c) - 1; i >= 0; i-- {
		y = multiply(y^c[i], x)
	}
	return y ^ constant
}
