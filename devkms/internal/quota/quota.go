// Package quota counts requests as the quotas of AWS KMS do: those of one account
// in one region, each second, and all cryptographic operations together.
package quota

import (
	"slices"
	"sync"
	"time"
)

// Cryptographic is what the quota of all cryptographic operations is called.
const Cryptographic = "cryptographic"

// cryptographic are the operations that share one quota.
var cryptographic = []string{
	"Encrypt", "Decrypt", "ReEncrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "GenerateRandom",
}

// A Meter lets through as many requests as the limits allow.
type Meter struct {
	Limits map[string]int // requests a second, by operation or Cryptographic

	mu     sync.Mutex
	second int64
	counts map[counted]int
}

type counted struct{ account, region, quota string }

// Take counts a request of an account, and reports whether it is within the
// limit. A new second begins with nothing counted.
func (m *Meter) Take(account, region, operation string, now time.Time) bool {
	quota := operation
	if slices.Contains(cryptographic, operation) {
		quota = Cryptographic
	}
	limit, limited := m.Limits[quota]
	if !limited {
		return true
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if second := now.Unix(); second != m.second || m.counts == nil {
		m.second, m.counts = second, map[counted]int{}
	}
	c := counted{account, region, quota}
	m.counts[c]++
	return m.counts[c] <= limit
}
