package integrity

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/meta"
	"github.com/seed-1f7fdfb8/sops/internal/rule"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// token is one that the structure takes for an encrypted text of three bytes.
const token = "ENC[AES256_GCM,data:AAAA,iv:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=,tag:AAAAAAAAAAAAAAAAAAAAAA==,type:str]"

// nasty are texts that run into each other where they are only joined, that end
// lines, and that are no UTF-8.
var nasty = []string{
	"", "a", "b", "ab", "a b", "a\nb", "a\nrule unencrypted_suffix \"x\"", "\x00", "\x01a", "\xff", "\xfe", "\ufffd", "a\xff",
	`a"]["b`, "[0]", "0", `"] str:1 plain`, "map", "document", "k\x01a", "i\x00", "\u2028", "a,b", "a:b",
}

// plainRoots returns documents of which no two have the same structure.
func plainRoots() map[string][]*tree.Map {
	out := map[string][]*tree.Map{"none": nil}
	doc := func(items ...tree.Item) []*tree.Map { return []*tree.Map{{Items: items}} }
	item := func(k string, n tree.Node) tree.Item { return tree.Item{Key: k, Value: n} }
	leaves := map[string]func() tree.Node{
		"str0": func() tree.Node { return tree.Text("") }, "str1": func() tree.Node { return tree.Text("x") },
		"int1": func() tree.Node { return tree.NewScalar(tree.IntValue(1)) }, "null": func() tree.Node { return tree.NewScalar(tree.Value{}) },
		"token": func() tree.Node { return tree.Text(token) }, "map": func() tree.Node { return &tree.Map{} }, "list": func() tree.Node { return &tree.List{} },
	}
	for name, leaf := range leaves {
		for _, k := range nasty {
			out[fmt.Sprintf("%q=%s", k, name)] = doc(item(k, leaf()))
			out[fmt.Sprintf("[%q=%s]", k, name)] = doc(item("l", &tree.List{Items: []tree.Node{&tree.Map{Items: []tree.Item{item(k, leaf())}}}}))
			for _, k2 := range nasty {
				out[fmt.Sprintf("%q.%q=%s", k, k2, name)] = doc(item(k, &tree.Map{Items: []tree.Item{item(k2, leaf())}}))
				out[fmt.Sprintf("%q, %q=%s", k, k2, name)] = doc(item(k, tree.Text("x")), item(k2, leaf()))
				out[fmt.Sprintf("%q; %q=%s", k, k2, name)] = append(doc(item(k, tree.Text("x"))), doc(item(k2, leaf()))...)
			}
		}
		for n := range 3 {
			var items []tree.Node
			for range n + 1 {
				items = append(items, leaf())
			}
			out[strconv.Itoa(n)+" of "+name] = doc(item("l", &tree.List{Items: items}))
			out[strconv.Itoa(n)+" in list of "+name] = doc(item("l", &tree.List{Items: []tree.Node{&tree.List{Items: items}}}))
		}
	}
	return out
}

// A census notes who has which digest.
type census struct {
	t     *testing.T
	known map[string]string
}

func (c *census) add(what string, digest []byte) {
	if other, ok := c.known[string(digest)]; ok {
		c.t.Errorf("%s and %s have one digest", other, what)
	}
	c.known[string(digest)] = what
}

func digestOf(m *meta.Metadata, trees []*tree.Map) []byte {
	return describe(&structure{reading: AsRead{}}, m, trees).digest
}

// TestStructuresAreInjective holds that no two files that differ have one
// structure, whatever texts a forger puts into their metadata and their keys.
func TestStructuresAreInjective(t *testing.T) {
	t.Parallel()
	c := &census{t, map[string]string{}}
	add := func(what string, m *meta.Metadata, trees []*tree.Map) {
		m.LastModified = time.Unix(0, 0)
		c.add(what, digestOf(m, trees))
	}
	for name, trees := range plainRoots() {
		add(name, &meta.Metadata{Version: "3"}, trees)
	}
	for _, a := range nasty {
		add(fmt.Sprintf("version %q", a), &meta.Metadata{Version: "4" + a}, nil)
		for _, f := range (rule.Rule{}).All() {
			for _, b := range nasty {
				if b != "" {
					m := &meta.Metadata{Version: "5" + a}
					m.Selection.Set(f.Name, b)
					add(fmt.Sprintf("version %q %s %q", a, f.Name, b), m, nil)
				}
			}
		}
	}
	for threshold := range 12 {
		add(fmt.Sprintf("threshold %d", threshold), &meta.Metadata{Version: "6", Threshold: threshold}, nil)
		add(fmt.Sprintf("mac_only, threshold %d", threshold), &meta.Metadata{Version: "6", Threshold: threshold, MACOnlyEncrypted: true}, nil)
	}
}

// TestStructuresOfMACOnlyFilesAreInjective holds the same of what a file with
// mac_only_encrypted has at secret places, and where a key is there again.
func TestStructuresOfMACOnlyFilesAreInjective(t *testing.T) {
	t.Parallel()
	c := &census{t, map[string]string{}}
	item := func(k string, n tree.Node) tree.Item { return tree.Item{Key: k, Value: n} }
	secret := func() tree.Node { return &tree.Map{Items: []tree.Item{item("sec", tree.Text(token))}} }
	empty := map[string]func() tree.Node{
		"map": func() tree.Node { return &tree.Map{} }, "list": func() tree.Node { return &tree.List{} },
		"null": func() tree.Node { return tree.NewScalar(tree.Value{}) }, "text": func() tree.Node { return tree.Text("") },
	}
	all := map[string][]tree.Item{"nothing": nil, "one": {item("a", secret())}}
	for name, n := range empty {
		all["sec="+name] = []tree.Item{item("sec", n())}
		all["sec=[token "+name+"]"] = []tree.Item{item("sec", &tree.List{Items: []tree.Node{tree.Text(token), n()}})}
		all["sec=["+name+"]"] = []tree.Item{item("sec", &tree.List{Items: []tree.Node{n()}})}
		all["sec=["+name+" "+name+"]"] = []tree.Item{item("sec", &tree.List{Items: []tree.Node{n(), n()}})}
		all["sec={x: "+name+"}"] = []tree.Item{item("sec", &tree.Map{Items: []tree.Item{item("x", n())}})}
		if name != "text" { // a plain text is a value as null is
			all["a again as "+name] = []tree.Item{item("a", secret()), item("a", n())}
			all["a first as "+name] = []tree.Item{item("a", n()), item("a", secret())}
		}
		all["a, sec="+name] = []tree.Item{item("a", secret()), item("sec", n())}
	}
	for name, items := range all {
		m := &meta.Metadata{Version: "3", MACOnlyEncrypted: true, Selection: rule.Rule{EncryptedRegex: "^sec$"}}
		c.add(name, digestOf(m, []*tree.Map{{Items: items}}))
	}
}

// TestListsOfKeysAreInjective holds the same of the list of master keys.
func TestListsOfKeysAreInjective(t *testing.T) {
	t.Parallel()
	known := map[string]string{}
	add := func(what string, groups ...[]keeper.MasterKey) {
		nonce := make([]byte, 32)
		fingerprintsOf(groups).mark(nonce)
		if other, ok := known[string(nonce)]; ok {
			t.Errorf("%s and %s have one mark", other, what)
		}
		known[string(nonce)] = what
	}
	kms := func(context map[string]string) keeper.MasterKey {
		return keeper.Undescribed(keeper.KMS, "arn", "arn:1").With("context", context)
	}
	add("none")
	add("no context", []keeper.MasterKey{kms(nil)})
	add("two", []keeper.MasterKey{kms(nil), kms(nil)})
	add("two groups", []keeper.MasterKey{kms(nil)}, []keeper.MasterKey{kms(nil)})
	add("structures", []keeper.MasterKey{kms(map[string]string{"env": "prod", "team": "web"})})
	add("texts", []keeper.MasterKey{kms(map[string]string{"env": "prod,team:web"})})
	for _, a := range nasty {
		for _, b := range nasty {
			if a != "" {
				add(fmt.Sprintf("context %q %q", a, b), []keeper.MasterKey{kms(map[string]string{"x" + a: b})})
				add(fmt.Sprintf("age %q pgp %q", a, b), []keeper.MasterKey{keeper.Undescribed(keeper.Age, "recipient", a), keeper.Undescribed(keeper.PGP, "fp", "x"+b)})
			}
		}
	}
}
