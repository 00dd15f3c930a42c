package devkms

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
}

type savedAlias struct {
	Target  string    `json:"target"`
	Created time.Time `json:"created"`
	Updated time.Time `json:"updated"`
}

// openStore makes the store of a world, with what an earlier server has left
// in dir.
func openStore(dir string, w *World, random io.Reader, now time.Time) (*store, error) {
	st := &store{
		dir: dir, keys: map[string]*kmsKey{}, aliases: map[string]*alias{}, rings: map[string]*ring{},
		declared: map[string]string{}, tokenKey: make([]byte, 32),
	}
	if _, err := io.ReadFull(random, st.tokenKey); err != nil {
		return nil, fmt.Errorf("state: %w", err)
	}
	if err := st.load(); err != nil {
		return nil, errors.Join(err, st.close())
	}
	if err := st.merge(w, random, now); err != nil {
		return nil, errors.Join(err, st.close())
	}
	if err := st.save(); err != nil {
		return nil, errors.Join(err, st.close())
	}
	return st, nil
}

// merge brings the world's declarations in. What calls have changed of a key
// stays as long as the world says the same of it as before; where the world
// has changed, it wins, but for the key material, which is always kept.
func (st *store) merge(w *World, random io.Reader, now time.Time) error {
	before := st.declared
	st.declared = map[string]string{}
	for i := range w.Accounts {
		a := &w.Accounts[i]
		for j := range a.Keys {
			k := &a.Keys[j]
			name := a.ID + "/" + k.ID
			digest := k.digest()
			st.declared[name] = digest
			if before[name] == digest {
				continue
			}
			st.forget(a.ID, k.ID)
			if err := st.declare(a.ID, k, random, now); err != nil {
				return err
			}
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
func (st *store) forget(account, id string) {
	for arn, k := range st.keys {
		if k.account == account && k.id == id {
			delete(st.keys, arn)
		}
	}
	for arn, a := range st.aliases {
		if a.account == account && a.target == id {
			delete(st.aliases, arn)
		}
	}
}

// digest tells two declarations of a key apart.
func (k *Key) digest() string {
	policy := ""
	if k.Policy != nil {
		policy = k.Policy.JSON()
	}
	b, err := json.Marshal([]any{k.Regions, k.Aliases, policy, k.State, k.Description, k.Tags})
	if err != nil {
		panic("devkms: digest: " + err.Error())
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func (st *store) load() error {
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
	if err := st.removeLeftovers(); err != nil {
		return err
	}
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

func (st *store) fill(f *stateFile) error {
	st.tokenKey = f.TokenKey
	if f.Declared != nil {
		st.declared = f.Declared
	}
	for name, list := range f.Rings {
		r := &ring{}
		for _, s := range list {
			g, err := newGeneration(s.Secret, s.Created, s.Kind)
			if err != nil {
				return err
			}
			r.generations = append(r.generations, g)
		}
		if len(r.generations) == 0 {
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
		p, ok := parseARN(name)
		if !ok {
			return fmt.Errorf("%q is no ARN", name)
		}
		st.aliases[name] = &alias{p.account, p.region, p.resource, a.Target, a.Created, a.Updated}
	}
	return nil
}

func (st *store) fillKey(name string, k savedKey) error {
	p, ok := parseARN(name)
	if !ok || len(p.resource) < 5 {
		return errors.New("not an ARN of a key")
	}
	policy, err := ParsePolicy(k.Policy)
	if err != nil {
		return err
	}
	id := p.resource[len("key/"):]
	r := st.rings[p.account+"/"+id]
	if r == nil {
		return errors.New("has no material")
	}
	if k.Tags == nil {
		k.Tags = map[string]string{}
	}
	st.keys[name] = &kmsKey{
		account: p.account, region: p.region, id: id, arn: name, description: k.Description, state: k.State, policy: policy,
		origin: k.Origin, created: k.Created, deletion: k.Deletion, window: k.Window, tags: k.Tags, primary: k.Primary,
		rotationDays: k.RotationDays, rotationNext: k.RotationNext, ring: r,
	}
	return nil
}

// save writes the state file, if there is a directory. It is complete on disk
// before the caller of a changing operation is told of success.
func (st *store) save() error {
	st.plan()
	if st.dir == "" {
		return nil
	}
	f := stateFile{
		Version: 1, TokenKey: st.tokenKey, Declared: st.declared,
		Rings: map[string][]savedSecret{}, Keys: map[string]savedKey{}, Aliases: map[string]savedAlias{},
	}
	for name, r := range st.rings {
		for _, g := range r.generations {
			f.Rings[name] = append(f.Rings[name], savedSecret{g.secret, g.created, g.kind})
		}
	}
	for arn, k := range st.keys {
		f.Keys[arn] = savedKey{
			k.description, k.state, k.policy.JSON(), k.origin, k.created, k.deletion, k.window, k.tags, k.primary, k.rotationDays, k.rotationNext,
		}
	}
	for arn, a := range st.aliases {
		f.Aliases[arn] = savedAlias{a.target, a.created, a.updated}
	}
	b, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return fmt.Errorf("state: %w", err)
	}
	return replaceFile(st.file(), b)
}

func (st *store) file() string { return filepath.Join(st.dir, "state.json") }

func (st *store) close() error {
	if st.lock == nil {
		return nil
	}
	return st.lock.Close()
}

// removeLeftovers removes what a kill in the middle of a save has left.
func (st *store) removeLeftovers() error {
	left, err := filepath.Glob(filepath.Join(st.dir, ".state-*"))
	for _, name := range left {
		err = errors.Join(err, os.Remove(name))
	}
	if err != nil {
		return fmt.Errorf("state: %w", err)
	}
	return nil
}

// replaceFile writes a file so that a kill leaves the old or the new one.
func replaceFile(name string, b []byte) error {
	dir := filepath.Dir(name)
	f, err := os.CreateTemp(dir, ".state-*")
	if err != nil {
		return fmt.Errorf("state: %w", err)
	}
	_, err = f.Write(b)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return fmt.Errorf("state: %w", errors.Join(err, os.Remove(f.Name())))
	}
	return syncDir(dir)
}
