package keystore

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/seed-1f7fdfb8/sops/devkms/internal/awsname"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/iam"
	"github.com/seed-1f7fdfb8/sops/internal/atomicfile"
)

// stateFile is what a state directory holds: all of the store. It has key
// material in the clear, which is one more reason not to trust devkms with
// anything of value.
type stateFile struct {
	Version  int                      `json:"version"`
	TokenKey []byte                   `json:"token_key"`
	Rings    map[string][]savedSecret `json:"rings"`
	Keys     map[string]savedKey      `json:"keys"`
	Aliases  map[string]savedAlias    `json:"aliases"`
	Declared map[string]string        `json:"declared"`
}

type savedSecret struct {
	Secret  []byte    `json:"secret"`
	Created time.Time `json:"created"`
	Kind    string    `json:"kind,omitempty"`
}

type savedKey struct {
	Description  string            `json:"description,omitempty"`
	State        string            `json:"state"`
	Policy       string            `json:"policy"`
	Origin       string            `json:"origin"`
	Created      time.Time         `json:"created"`
	Deletion     time.Time         `json:"deletion,omitzero"`
	Window       int               `json:"window,omitempty"`
	Tags         map[string]string `json:"tags,omitempty"`
	Primary      string            `json:"primary,omitempty"`
	RotationDays int               `json:"rotation_days,omitempty"`
	RotationNext time.Time         `json:"rotation_next,omitzero"`
	Grants       []*iam.Grant      `json:"grants,omitempty"`
	Expires      time.Time         `json:"expires,omitzero"`
}

type savedAlias struct {
	Target  string    `json:"target"`
	Created time.Time `json:"created"`
	Updated time.Time `json:"updated"`
}

// Open makes the store of the keys that are declared, with what an earlier server has left
// in dir.
func Open(dir string, keys []Declared, random io.Reader, now time.Time) (*Store, error) {
	st := &Store{
		dir: dir, Keys: map[string]*Key{}, Aliases: map[string]*Alias{}, rings: map[string]*Ring{},
		declared: map[string]string{}, Secret: make([]byte, 32),
	}
	if _, err := io.ReadFull(random, st.Secret); err != nil {
		return nil, fmt.Errorf("state: %w", err)
	}
	if err := st.load(); err != nil {
		return nil, errors.Join(err, st.Close())
	}
	if err := st.merge(keys, random, now); err != nil {
		return nil, errors.Join(err, st.Close())
	}
	if err := st.save(); err != nil {
		return nil, errors.Join(err, st.Close())
	}
	return st, nil
}

// merge brings the world's declarations in. What calls have changed of a key
// stays as long as the world says the same of it as before; where the world
// has changed, it wins, but for the key material, which is always kept.
func (st *Store) merge(keys []Declared, random io.Reader, now time.Time) error {
	before := st.declared
	st.declared = map[string]string{}
	for _, k := range keys {
		name, digest := k.Account+"/"+k.ID, k.digest()
		st.declared[name] = digest
		if before[name] == digest {
			continue
		}
		st.forget(k.Account, k.ID)
		if err := st.declare(k, random, now); err != nil {
			return err
		}
	}
	for name := range before {
		if _, still := st.declared[name]; !still {
			st.forget(name[:12], name[13:])
		}
	}
	return nil
}

// forget removes a key and its aliases, but keeps its material: the world may
// declare it again.
func (st *Store) forget(account, id string) {
	for arn, k := range st.Keys {
		if k.Account == account && k.ID == id {
			delete(st.Keys, arn)
		}
	}
	for arn, a := range st.Aliases {
		if a.Account == account && a.Target == id {
			delete(st.Aliases, arn)
		}
	}
}

// digest differs between two declarations of a key that are not the same.
func (k Declared) digest() string {
	policy := ""
	if k.Policy != nil {
		policy = k.Policy.JSON()
	}
	parts := []any{k.Regions, k.Aliases, policy, k.State, k.Description, k.Tags}
	if len(k.Grants) > 0 || !k.Expires.IsZero() { // which earlier versions did not have
		parts = append(parts, k.Grants, k.Expires)
	}
	b, err := json.Marshal(parts)
	if err != nil {
		panic("keystore: digest: " + err.Error())
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func (st *Store) load() error {
	if st.dir == "" {
		return nil
	}
	if err := os.MkdirAll(st.dir, 0o700); err != nil {
		return fmt.Errorf("state: %w", err)
	}
	lock, err := lockDir(st.dir)
	if err != nil {
		return err
	}
	st.lock = lock
	atomicfile.Clean(st.file(), true)
	src, err := os.ReadFile(st.file())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("state: %w", err)
	}
	var f stateFile
	d := json.NewDecoder(bytes.NewReader(src))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		return fmt.Errorf("%s: %w", st.file(), err)
	}
	if f.Version != 1 || len(f.TokenKey) != 32 {
		return fmt.Errorf("%s: not a state file of this version", st.file())
	}
	if err := st.fill(&f); err != nil {
		return fmt.Errorf("%s: %w", st.file(), err)
	}
	return nil
}

func (st *Store) fill(f *stateFile) error {
	st.Secret = f.TokenKey
	if f.Declared != nil {
		st.declared = f.Declared
	}
	for name, list := range f.Rings {
		r := &Ring{}
		for _, s := range list {
			g, err := newGeneration(s.Secret, s.Created, s.Kind)
			if err != nil {
				return err
			}
			r.Generations = append(r.Generations, g)
		}
		if len(r.Generations) == 0 {
			return fmt.Errorf("key %s has no material", name)
		}
		st.rings[name] = r
	}
	for arn, k := range f.Keys {
		if err := st.fillKey(arn, k); err != nil {
			return fmt.Errorf("%s: %w", arn, err)
		}
	}
	for name, a := range f.Aliases {
		p, ok := awsname.ParseARN(name)
		if !ok {
			return fmt.Errorf("%q is no ARN", name)
		}
		st.Aliases[name] = &Alias{Account: p.Account, Region: p.Region, Name: p.Resource, Target: a.Target, Created: a.Created, Updated: a.Updated}
	}
	return nil
}

func (st *Store) fillKey(name string, k savedKey) error {
	p, ok := awsname.ParseARN(name)
	if !ok || len(p.Resource) < 5 {
		return errors.New("not an ARN of a key")
	}
	policy, err := iam.ParsePolicy(k.Policy)
	if err != nil {
		return err
	}
	id := p.Resource[len("key/"):]
	r := st.rings[p.Account+"/"+id]
	if r == nil {
		return errors.New("has no material")
	}
	if k.Tags == nil {
		k.Tags = map[string]string{}
	}
	st.Keys[name] = &Key{
		Account: p.Account, Region: p.Region, ID: id, ARN: name, Description: k.Description, State: k.State, Policy: policy,
		Origin: k.Origin, Created: k.Created, Deletion: k.Deletion, Window: k.Window, Tags: k.Tags, Primary: k.Primary,
		RotationDays: k.RotationDays, RotationNext: k.RotationNext, Grants: k.Grants, Expires: k.Expires, Ring: r,
	}
	return nil
}

// save writes the state file, if there is a directory. It is complete on disk
// before a changing operation reports success.
func (st *Store) save() error {
	st.plan()
	if st.dir == "" {
		return nil
	}
	f := stateFile{
		Version: 1, TokenKey: st.Secret, Declared: st.declared,
		Rings: map[string][]savedSecret{}, Keys: map[string]savedKey{}, Aliases: map[string]savedAlias{},
	}
	for name, r := range st.rings {
		for _, g := range r.Generations {
			f.Rings[name] = append(f.Rings[name], savedSecret{g.secret, g.Created, g.Kind})
		}
	}
	for arn, k := range st.Keys {
		f.Keys[arn] = savedKey{
			k.Description, k.State, k.Policy.JSON(), k.Origin, k.Created, k.Deletion, k.Window, k.Tags, k.Primary, k.RotationDays, k.RotationNext, k.Grants, k.Expires,
		}
	}
	for arn, a := range st.Aliases {
		f.Aliases[arn] = savedAlias{a.Target, a.Created, a.Updated}
	}
	b, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return fmt.Errorf("state: %w", err)
	}
	return atomicfile.Replace(st.file(), b, 0o600)
}

func (st *Store) file() string { return filepath.Join(st.dir, "state.json") }

// Close frees the directory for another server.
func (st *Store) Close() error {
	if st.lock == nil {
		return nil
	}
	return st.lock.Close()
}
