package keystore

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/seed-1f7fdfb8/sops/devkms/internal/awsname"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/iam"
)

// A Store holds the keys and aliases. Outside of the functions that View and
// Change call, it must not be looked at.
type Store struct {
	mu       sync.RWMutex
	dir      string // "" means memory only
	lock     io.Closer
	Keys     map[string]*Key   // by ARN
	Aliases  map[string]*Alias // by ARN
	rings    map[string]*Ring  // by account/key id
	declared map[string]string // digests of the world's declarations; see file.go
	Secret   []byte            // random, kept as long as the state
	next     time.Time         // when tick has something to do; zero means never
}

// An Alias is a name for a key of its account and region.
type Alias struct {
	Account, Region, Name string
	Target                string // key id
	Created, Updated      time.Time

	settled time.Time // when the target is known everywhere
	former  string
}

// SetTarget moves the alias. Until that is settled, calls meet the former key.
func (a *Alias) SetTarget(id string, settled time.Time) {
	a.former, a.settled, a.Target = a.Target, settled, id
}

// TargetAt is the id of the key that a call meets.
func (a *Alias) TargetAt(now time.Time) string {
	if now.Before(a.settled) {
		return a.former
	}
	return a.Target
}

// View calls f, which must not change the store.
func (st *Store) View(f func()) {
	st.mu.RLock()
	defer st.mu.RUnlock()
	f()
}

// Change calls f, which may change the store, and saves what it has changed if
// it reports true.
func (st *Store) Change(f func() bool) error {
	st.mu.Lock()
	defer st.mu.Unlock()
	if !f() {
		return nil
	}
	return st.save()
}

// Add adds a key with its material.
func (st *Store) Add(k *Key) {
	st.Keys[k.ARN] = k
	st.rings[k.Account+"/"+k.ID] = k.Ring
}

// Tick lets happen what the clock has brought due: keys go whose waiting time
// is over, and keys with automatic rotation get new material.
func (st *Store) Tick(now time.Time, random io.Reader) error {
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
	st.expire(now)
	st.sweep(now)
	return st.save()
}

func (st *Store) due(now time.Time) bool { return !st.next.IsZero() && !now.Before(st.next) }

// plan finds the next moment at which tick has something to do.
func (st *Store) plan() {
	st.next = time.Time{}
	for _, k := range st.Keys {
		for _, t := range []time.Time{k.Deletion, k.RotationNext, k.Expires} {
			if !t.IsZero() && (st.next.IsZero() || t.Before(st.next)) {
				st.next = t
			}
		}
	}
}

func (st *Store) rotate(now time.Time, random io.Reader) error {
	for _, arn := range slices.Sorted(maps.Keys(st.Keys)) {
		k := st.Keys[arn]
		for k.RotationDays > 0 && !now.Before(k.RotationNext) {
			g, err := NewGeneration(random, k.RotationNext, "AUTOMATIC")
			if err != nil {
				return err
			}
			k.Ring.Generations = append(k.Ring.Generations, g)
			k.RotationNext = k.RotationNext.AddDate(0, 0, k.RotationDays)
		}
	}
	return nil
}

// expire takes imported material away whose time is over. The key waits for it to
// be imported again.
func (st *Store) expire(now time.Time) {
	for _, k := range st.Keys {
		if !k.Expires.IsZero() && !now.Before(k.Expires) {
			k.Expires = time.Time{}
			if k.State == Enabled || k.State == Disabled {
				k.State = PendingImport
			}
		}
	}
}

func (k *Key) gone(now time.Time) bool {
	return k.State == PendingDeletion && !now.Before(k.Deletion)
}

// sweep forgets keys whose time has come, with their aliases. Key material
// goes with the last of its regions; a primary that waits for its replicas
// begins to wait for itself when the last of them has gone.
func (st *Store) sweep(now time.Time) {
	for arn, k := range st.Keys {
		if !k.gone(now) {
			continue
		}
		delete(st.Keys, arn)
		maps.DeleteFunc(st.Aliases, func(_ string, a *Alias) bool {
			return a.Account == k.Account && a.Region == k.Region && a.Target == k.ID
		})
		left := st.Related(k)
		switch {
		case len(left) == 0:
			delete(st.rings, k.Account+"/"+k.ID)
		case len(left) == 1 && left[0].State == PendingReplica:
			left[0].State, left[0].Deletion = PendingDeletion, k.Deletion.AddDate(0, 0, left[0].Window)
		}
	}
}

// Related returns the key in all its regions, sorted by region.
func (st *Store) Related(k *Key) []*Key {
	var out []*Key
	for _, r := range st.Keys {
		if r.Account == k.Account && r.ID == k.ID {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b *Key) int { return strings.Compare(a.Region, b.Region) })
	return out
}

// AliasesOf returns the sorted names of a key's aliases.
func (st *Store) AliasesOf(k *Key) []string {
	var out []string
	for _, a := range st.Aliases {
		if a.Account == k.Account && a.Region == k.Region && a.Target == k.ID {
			out = append(out, a.Name)
		}
	}
	slices.Sort(out)
	return out
}

// ringOf returns the key material of a key, new if there is none yet.
func (st *Store) ringOf(account, id string, random io.Reader, now time.Time) (*Ring, error) {
	name := account + "/" + id
	if r := st.rings[name]; r != nil {
		return r, nil
	}
	g, err := NewGeneration(random, now, "")
	if err != nil {
		return nil, err
	}
	r := NewRing(g)
	st.rings[name] = r
	return r, nil
}

// NewGeneration makes key material.
func NewGeneration(random io.Reader, now time.Time, kind string) (*Generation, error) {
	secret := make([]byte, 32)
	if _, err := io.ReadFull(random, secret); err != nil {
		return nil, fmt.Errorf("key material: %w", err)
	}
	return newGeneration(secret, now, kind)
}

// declare adds a key of the world in all its regions.
func (st *Store) declare(k Declared, random io.Reader, now time.Time) error {
	ring, err := st.ringOf(k.Account, k.ID, random, now)
	if err != nil {
		return err
	}
	for _, region := range k.Regions {
		n := &Key{
			Account: k.Account, Region: region, ID: k.ID, ARN: awsname.KeyARN(region, k.Account, k.ID), Description: k.Description,
			State: cmp.Or(k.State, Enabled), Policy: k.Policy, Origin: "AWS_KMS", Created: now, Tags: map[string]string{}, Ring: ring,
			Grants: slices.Clone(k.Grants), Expires: k.Expires,
		}
		maps.Copy(n.Tags, k.Tags)
		switch n.State {
		case PendingDeletion:
			n.Window, n.Deletion = 30, now.AddDate(0, 0, 30)
		case PendingReplica:
			n.Window = 30
		case PendingImport:
			n.Origin = "EXTERNAL"
		}
		if !n.Expires.IsZero() {
			n.Origin = "EXTERNAL"
		}
		if n.Policy == nil {
			n.Policy = iam.DefaultKeyPolicy(k.Account)
		}
		if n.Multi() {
			n.Primary = k.Regions[0]
		}
		st.Keys[n.ARN] = n
		for _, name := range k.Aliases {
			st.Aliases[awsname.AliasARN(region, k.Account, name)] = &Alias{Account: k.Account, Region: region, Name: name, Target: k.ID, Created: now, Updated: now}
		}
	}
	return nil
}
