package yaml

import (
	"strconv"

	"github.com/seed-1f7fdfb8/sops/format"
)

// A tag of a secret goes into the layout: it was typed where a value is, and
// readers that do not know it refuse the whole file. That of a value goes with
// the value; that of a collection which holds a token leaves a tag in its place
// that every reader knows, so that it finds back.

// eachTag calls f for each tagged collection with a token in it, and with the
// name of its hint. tokenOf returns the token of a leaf, or "".
func (d *document) eachTag(tokenOf func(ref int) string, f func(t *tagged, name string)) {
	ref, before := 0, 0
	hash := ""
	for i := range d.tags {
		t := &d.tags[i]
		for ; ref < len(d.leaves); ref, hash = ref+1, "" {
			if l := d.leafAt(ref); l.comment || l.via > 0 || l.start < t.end {
				continue
			}
			if token := tokenOf(ref); token != "" {
				if hash == "" {
					hash, before = format.TokenHash(token), 0
				}
				break
			}
		}
		if ref == len(d.leaves) {
			return
		}
		if d.leafAt(ref).start < t.last {
			f(t, hash+"!"+strconv.Itoa(before))
			before++
		}
	}
}

// collectionTags replaces the tags of collections with tokens in them.
func (m *masking) collectionTags() {
	if m.encrypted {
		return
	}
	m.eachTag(func(ref int) string { return m.tokens[ref] }, func(t *tagged, name string) {
		text := string(m.src[t.start:t.end])
		if isCoreTag(text) {
			return
		}
		if m.layout.Scalars == nil {
			m.layout.Scalars = map[string]string{}
		}
		m.layout.Scalars[name] = text
		known := "!!map"
		if t.list {
			known = "!!seq"
		}
		m.edits = append(m.edits, format.Edit{Start: t.start, End: t.end, Text: known})
	})
}

// collectionTags puts them back.
func (u *unmasking) collectionTags() {
	tokenOf := func(ref int) string {
		if !u.values[ref].Set {
			return ""
		}
		l := u.leafAt(ref)
		return l.tokenOf()
	}
	u.eachTag(tokenOf, func(t *tagged, name string) {
		if h, ok := u.layout.Scalars[name]; ok {
			u.edits = append(u.edits, format.Edit{Start: t.start, End: t.end, Text: h})
		}
	})
}

// isCoreTag reports whether a tag as it is written is one of those that every
// reader knows.
func isCoreTag(text string) bool {
	switch text {
	case "!!str", "!!int", "!!float", "!!bool", "!!null", "!!timestamp", "!!binary", "!!map", "!!seq", "!!set", "!!omap", "!!pairs", "!!merge":
		return true
	}
	return false
}
