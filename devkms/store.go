package devkms

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// A store holds the keys and aliases as they are now: what the world
// declares, and what calls have changed since. With a directory it survives a
// kill at any moment.
type store struct {
	mu       sync.RWMutex
	dir      string // "" means memory only
	lock     io.Closer
	keys     map[string]*kmsKey // by ARN
	aliases  map[string]*alias  // by ARN
	rings    map[string]*ring   // by account/key id
	declared map[string]string  // digests of the world's declarations; see state.go
	tokenKey []byte             // seals session tokens
	next     time.Time          // when tick has something to do; zero means never
}

// An alias is a name for a key of its account and region.
type alias struct {
	account, region, name string
	target                string // key id
	created, updated      time.Time
}

// tick lets happen what the clock has brought due: keys go whose waiting time
// is over, and keys with automatic rotation get new material.
func (st *store) tick(now time.Time, random io.Reader) error {
	st.mu.RLock()
	due := st.due(now)
	st.mu.RUnlock()
	if !due {
		return nil
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	if err := st.rotate(now, random); err != nil {
		return err
	}
	st.sweep(now)
	return st.save()
}

func (st *store) due(now time.Time) bool { return !st.next.IsZero() && !now.Before(st.next) }

// plan finds the next moment at which tick has something to do.
func (st *store) plan() {
	st.next = time.Time{}
	for _, k := range st.keys {
		for _, t := range []time.Time{k.deletion, k.rotationNext} {
			if !t.IsZero() && (st.next.IsZero() || t.Before(st.next)) {
				st.next = t
			}
		}
	}
}

func (st *store) rotate(now time.Time, random io.Reader) error {
	for _, arn := range keysOf(st.keys) {
		k := st.keys[arn]
		for k.rotationDays > 0 && !now.Before(k.rotationNext) {
			g, err := makeGeneration(random, k.rotationNext, "AUTOMATIC")
			if err != nil {
				return err
			}
			k.ring.generations = append(k.ring.generations, g)
			k.rotationNext = k.rotationNext.AddDate(0, 0, k.rotationDays)
		}
	}
	return nil
}

func (k *kmsKey) gone(now time.Time) bool {
	return k.state == pendingDeletion && !now.Before(k.deletion)
}

// sweep forgets keys whose time has come, with their aliases. Key material
// goes with the last of its regions; a primary that waits for its replicas
// begins to wait for itself when the last of them has gone.
func (st *store) sweep(now time.Time) {
	for arn, k := range st.keys {
		if !k.gone(now) {
			continue
		}
		delete(st.keys, arn)
		maps.DeleteFunc(st.aliases, func(_ string, a *alias) bool {
			return a.account == k.account && a.region == k.region && a.target == k.id
		})
		left := st.related(k)
		switch {
		case len(left) == 0:
			delete(st.rings, k.account+"/"+k.id)
		case len(left) == 1 && left[0].state == pendingReplica:
			left[0].state, left[0].deletion = pendingDeletion, k.deletion.AddDate(0, 0, left[0].window)
		}
	}
}

// related returns the key in all its regions, sorted by region.
func (st *store) related(k *kmsKey) []*kmsKey {
	var out []*kmsKey
	for _, r := range st.keys {
		if r.account == k.account && r.id == k.id {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b *kmsKey) int { return strings.Compare(a.region, b.region) })
	return out
}

// aliasesOf returns the sorted names of a key's aliases.
func (st *store) aliasesOf(k *kmsKey) []string {
	var out []string
	for _, a := range st.aliases {
		if a.account == k.account && a.region == k.region && a.target == k.id {
			out = append(out, a.name)
		}
	}
	slices.Sort(out)
	return out
}

// ringOf returns the key material of a key, new if there is none yet.
func (st *store) ringOf(account, id string, random io.Reader, now time.Time) (*ring, error) {
	name := account + "/" + id
	if r := st.rings[name]; r != nil {
		return r, nil
	}
	g, err := makeGeneration(random, now, "")
	if err != nil {
		return nil, err
	}
	r := &ring{[]*generation{g}}
	st.rings[name] = r
	return r, nil
}

func makeGeneration(random io.Reader, now time.Time, kind string) (*generation, error) {
	secret := make([]byte, 32)
	if _, err := io.ReadFull(random, secret); err != nil {
		return nil, fmt.Errorf("key material: %w", err)
	}
	return newGeneration(secret, now, kind)
}

// declare adds a key of the world in all its regions.
func (st *store) declare(account string, k *Key, random io.Reader, now time.Time) error {
	for _, region := range k.Regions {
		ring, err := st.ringOf(account, k.ID, random, now)
		if err != nil {
			return err
		}
		n := &kmsKey{
			account: account, region: region, id: k.ID, arn: keyARN(region, account, k.ID), description: k.Description,
			state: k.State, policy: k.Policy, origin: "AWS_KMS", created: now, tags: maps.Clone(k.Tags), ring: ring,
		}
		if n.tags == nil {
			n.tags = map[string]string{}
		}
		if n.state == "" {
			n.state = enabled
		}
		switch n.state {
		case pendingDeletion:
			n.window, n.deletion = 30, now.AddDate(0, 0, 30)
		case pendingReplica:
			n.window = 30
		}
		if n.state == "PendingImport" {
			n.origin = "EXTERNAL"
		}
		if n.policy == nil {
			n.policy = defaultPolicy(account)
		}
		if n.multi() {
			n.primary = k.Regions[0]
		}
		st.keys[n.arn] = n
		for _, name := range k.Aliases {
			st.aliases[aliasARN(region, account, name)] = &alias{account, region, name, k.ID, now, now}
		}
	}
	return nil
}

func keysOf[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
