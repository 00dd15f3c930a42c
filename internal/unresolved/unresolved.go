// Package unresolved knows how an encrypted file says that a merge left conflicts
// in it.
//
// The text of such a file is that of any other: our values where the sides do not
// agree, everything encrypted, no markers. Two fields of the metadata say the rest:
// "merge", readable, has the paths and where the sides came from; "merge_values", a
// token, has what base, ours and theirs hold there. The MAC is made over a sentence
// instead of the values, so that every program that checks MACs refuses the file and
// shows the sentence. The true MAC is in merge_values.
//
// Where the data key is not at hand there is no token and no sentence: the MAC is
// made impossible to open, and kept in "merge".
package unresolved

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/cipher"
	"github.com/seed-1f7fdfb8/sops/internal/deflate"
	"github.com/seed-1f7fdfb8/sops/internal/merge"
	"github.com/seed-1f7fdfb8/sops/internal/meta"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// sentence begins the text of the MAC of a file with conflicts.
const sentence = "UNRESOLVED MERGE CONFLICT in "

// A Notice is what a file says without a key. Anybody who can write the file can
// write it.
type Notice struct {
	Paths  []string  // of the conflicts, with their kinds
	Count  int       // of the conflicts; 0 where the sides could not be compared
	Labels [3]string // what git calls base, ours and theirs
	IDs    [3]string // of the blobs in git; "" for nothing
	MAC    string    // the MAC as it was, where there was no key to make another
	Reason string    // why there is no key, or what else is wrong
}

// String returns the notice as one line that every format can hold.
func (n *Notice) String() string {
	v := url.Values{"v": {"1"}, "count": {strconv.Itoa(n.Count)}}
	for i, name := range sides {
		if n.IDs[i] != "" {
			v.Set(name, n.IDs[i])
		}
		if n.Labels[i] != "" {
			v.Set(name+"-label", n.Labels[i])
		}
	}
	if len(n.Paths) > 0 {
		v["path"] = n.Paths
	}
	if n.MAC != "" {
		v.Set("mac", n.MAC)
	}
	if n.Reason != "" {
		v.Set("reason", n.Reason)
	}
	return v.Encode()
}

var sides = [3]string{"base", "ours", "theirs"}

// ParseNotice reads what String wrote.
func ParseNotice(s string) (*Notice, error) {
	v, err := url.ParseQuery(s)
	if err != nil || v.Get("v") != "1" {
		return nil, errors.New("the metadata field merge is not one of this version of sops")
	}
	n := &Notice{Paths: v["path"], MAC: v.Get("mac"), Reason: v.Get("reason")}
	n.Count, _ = strconv.Atoi(v.Get("count"))
	for i, name := range sides {
		n.IDs[i], n.Labels[i] = v.Get(name), v.Get(name+"-label")
	}
	return n, nil
}

// An Entry is one conflict as the file keeps it.
type Entry struct {
	merge.Conflict
	// Detail says what a conflict is about that is not one of values, for people.
	Detail string
}

// A Record is what merge_values holds.
type Record struct {
	MAC     string // the text of the true MAC
	Entries []Entry
}

type record struct {
	Version int     `json:"v"`
	MAC     string  `json:"mac"`
	Entries []entry `json:"e"`
}

type entry struct {
	Document int    `json:"doc,omitempty"`
	At       string `json:"at"`
	Kind     string `json:"kind"`
	Base     *node  `json:"o,omitempty"`
	Ours     *node  `json:"a,omitempty"`
	Theirs   *node  `json:"b,omitempty"`
	Detail   string `json:"detail,omitempty"`
}

func recordData(m *meta.Metadata) []byte { return []byte("merge:" + m.MACData()) }

// Write puts conflicts into the metadata of a file that was just encrypted with
// a MAC of the text in r. The cipher must derive its nonces.
func Write(c *cipher.Cipher, m *meta.Metadata, n Notice, r Record) error {
	packed := record{Version: 1, MAC: r.MAC}
	for _, e := range r.Entries {
		packed.Entries = append(packed.Entries, entry{
			e.Document, e.At.String(), string(e.Kind), encode(e.Base), encode(e.Ours), encode(e.Theirs), e.Detail,
		})
		n.Paths = append(n.Paths, fmt.Sprintf("%s %s", e.At, e.Kind))
	}
	n.Count = len(r.Entries)
	plain, err := json.Marshal(packed)
	if err != nil {
		return fmt.Errorf("merge_values: %w", err)
	}
	deflated, err := deflate.Pack(string(plain))
	if err != nil {
		return fmt.Errorf("merge_values: %w", err)
	}
	zero := make([]byte, cipher.NonceSize)
	m.MergeValues = c.Encrypt(zero, string(deflated), recordData(m), "str")
	nonce := c.Nonce(zero, Sentence(n.Count), []byte(m.MACData()), "str")
	if m.Plain {
		meta.MarkPlain(nonce)
	}
	m.MAC = c.Encrypt(nonce, Sentence(n.Count), []byte(m.MACData()), "str")
	m.Merge = n.String()
	return nil
}

// Sentence is the text of the MAC of a file with n conflicts.
func Sentence(n int) string {
	plural := "s"
	if n == 1 {
		plural = ""
	}
	return fmt.Sprintf("%s%d value%s: run sops merge --continue", sentence, n, plural)
}

// IsSentence reports whether the text of a MAC says that there are conflicts.
func IsSentence(macText string) bool { return strings.HasPrefix(macText, sentence) }

// Read returns the conflicts of a file.
func Read(c *cipher.Cipher, m *meta.Metadata) (*Record, error) {
	token, err := cipher.Parse(m.MergeValues)
	if err != nil {
		return nil, fmt.Errorf("merge_values: %w", err)
	}
	deflated, err := c.Decrypt(token, recordData(m))
	if err != nil {
		return nil, fmt.Errorf("merge_values: %w", err)
	}
	plain, err := deflate.Unpack([]byte(deflated))
	if err != nil {
		return nil, fmt.Errorf("merge_values: %w", err)
	}
	var packed record
	if err := json.Unmarshal([]byte(plain), &packed); err != nil {
		return nil, errors.New("merge_values: not of the form that sops writes")
	}
	if packed.Version != 1 {
		return nil, fmt.Errorf("merge_values: version %d was written by a newer sops", packed.Version)
	}
	r := &Record{MAC: packed.MAC}
	for _, e := range packed.Entries {
		one, err := e.decode()
		if err != nil {
			return nil, fmt.Errorf("merge_values: %w", err)
		}
		r.Entries = append(r.Entries, one)
	}
	return r, nil
}

func (e entry) decode() (Entry, error) {
	out := Entry{Conflict: merge.Conflict{Document: e.Document, Kind: merge.Kind(e.Kind)}, Detail: e.Detail}
	if e.At != "" {
		var err error
		if out.At, err = tree.ParseAddress(e.At); err != nil {
			return out, err
		}
	}
	for _, n := range []struct {
		from *node
		to   *tree.Node
	}{{e.Base, &out.Base}, {e.Ours, &out.Ours}, {e.Theirs, &out.Theirs}} {
		var err error
		if *n.to, err = n.from.decode(); err != nil {
			return out, err
		}
	}
	return out, nil
}

// Lock makes the MAC of a file impossible to open, where there is no data key to
// make another, and keeps it in the notice.
func Lock(m *meta.Metadata, n Notice) {
	n.MAC = m.MAC
	m.MAC = spoiled(m.MAC)
	m.Merge, m.MergeValues = n.String(), ""
}

// Unlock puts the MAC back that Lock took, and reports whether there was one.
func Unlock(m *meta.Metadata) (n *Notice, ok bool) {
	n, err := ParseNotice(m.Merge)
	if err != nil || n.MAC == "" || spoiled(n.MAC) != m.MAC {
		return n, false
	}
	m.MAC, m.Merge = n.MAC, ""
	return n, true
}

const tagMark = ",tag:"

// spoiled returns a token whose authentication tag is another one.
func spoiled(token string) string {
	at := strings.LastIndex(token, tagMark)
	if at < 0 {
		return token
	}
	b := []byte(token)
	i := at + len(tagMark)
	if i >= len(b) {
		return token
	}
	// The first character has six bits of the tag, all of which count.
	alphabet := "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	b[i] = alphabet[(slices.Index([]byte(alphabet), b[i])+1)%len(alphabet)]
	return string(b)
}
