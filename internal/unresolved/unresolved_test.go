package unresolved

import (
	"bytes"
	"reflect"
	"testing"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/cipher"
	"github.com/seed-1f7fdfb8/sops/internal/merge"
	"github.com/seed-1f7fdfb8/sops/internal/meta"
	"github.com/seed-1f7fdfb8/sops/tree"
)

func entries(t *testing.T) []Entry {
	t.Helper()
	at, err := tree.ParseAddress(`["a"][$"two\nlines"][3]`)
	if err != nil {
		t.Fatal(err)
	}
	nested := &tree.Map{Items: []tree.Item{
		{Value: &tree.Comment{Text: " why", Inline: true, Ref: tree.NoRef}},
		{Key: "k", Value: &tree.List{Items: []tree.Node{tree.NewScalar(tree.Value{}), tree.Text("\xff\x00 not UTF-8"), tree.NewScalar(tree.FloatValue(1.5))}}},
		{Key: "", Value: &tree.Map{}},
	}}
	return []Entry{
		{Conflict: merge.Conflict{Document: 2, At: at, Kind: merge.ModifyModify, Base: tree.Text(""), Ours: nested, Theirs: tree.NewScalar(tree.TimeValue(time.Unix(0, 0).UTC()))}},
		{Conflict: merge.Conflict{Kind: "keys"}, Detail: "both"},
		{Conflict: merge.Conflict{At: at[:1], Kind: merge.DeleteModify, Theirs: &tree.List{}}},
	}
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	c, err := cipher.Derived(bytes.Repeat([]byte{7}, 32), nil)
	if err != nil {
		t.Fatal(err)
	}
	m := &meta.Metadata{LastModified: time.Unix(1e9, 0).UTC()}
	want := entries(t)
	if err := Write(c, m, Notice{Labels: [3]string{"o", "HEAD", "a b%=&"}, IDs: [3]string{"1", "", "3"}}, Record{MAC: "ABC", Entries: want}); err != nil {
		t.Fatal(err)
	}
	r, err := Read(c, m)
	if err != nil {
		t.Fatal(err)
	}
	if r.MAC != "ABC" || len(r.Entries) != len(want) {
		t.Fatalf("got %+v", r)
	}
	for i, e := range r.Entries {
		w := want[i]
		if e.At.String() != w.At.String() || e.Kind != w.Kind || e.Document != w.Document || e.Detail != w.Detail {
			t.Errorf("entry %d: got %+v, want %+v", i, e, w)
		}
		for j, pair := range [][2]tree.Node{{e.Base, w.Base}, {e.Ours, w.Ours}, {e.Theirs, w.Theirs}} {
			if !reflect.DeepEqual(encode(pair[0]), encode(pair[1])) {
				t.Errorf("entry %d: node %d reads back differently", i, j)
			}
		}
	}
	n, err := ParseNotice(m.Merge)
	if err != nil || n.Count != 3 || n.Labels[2] != "a b%=&" || n.IDs != [3]string{"1", "", "3"} {
		t.Errorf("the notice reads back as %+v (%v)", n, err)
	}
	if m.LastModified = m.LastModified.Add(time.Second); true {
		if _, err := Read(c, m); err == nil {
			t.Error("merge_values of another state of the file are read")
		}
	}
}

func TestLockedIsUnlocked(t *testing.T) {
	c, err := cipher.New(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	m := &meta.Metadata{LastModified: time.Unix(1e9, 0)}
	m.MAC = c.Encrypt(bytes.Repeat([]byte{1}, cipher.NonceSize), "ABC", []byte(m.MACData()), "str")
	mac := m.MAC
	Lock(m, Notice{Reason: "no key"})
	token, err := cipher.Parse(m.MAC)
	if err != nil {
		t.Fatalf("the MAC is no token any more: %v", err)
	}
	if _, err := c.Decrypt(token, []byte(m.MACData())); err == nil {
		t.Error("the MAC of a locked file opens")
	}
	if n, ok := Unlock(m); !ok || n.Reason != "no key" || m.MAC != mac || m.Merge != "" {
		t.Errorf("unlocked: %v, %+v, %s", ok, n, m.MAC)
	}
	if _, ok := Unlock(m); ok {
		t.Error("what is not locked is unlocked")
	}
}

func FuzzParseNoticeReadsWhatItWrites(f *testing.F) {
	f.Add("v=1&count=2&path=a&ours=1")
	f.Fuzz(func(t *testing.T, text string) {
		n, err := ParseNotice(text)
		if err != nil {
			t.Skip()
		}
		again, err := ParseNotice(n.String())
		if err != nil || again.String() != n.String() {
			t.Errorf("%q: %v, %q, %q", text, err, n, again)
		}
	})
}
