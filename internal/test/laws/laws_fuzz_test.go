package laws_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"slices"
	"testing"

	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// variantOrder is how a fuzz input names a variant.
var variantOrder = []string{"as is", "CRLF", "no newline", "BOM", "blank tail"}

// FuzzDecryptOfEncryptIsTheTextAndNothingLeaks: what is accepted comes back byte for
// byte, in every variant, and no secret is outside the tokens.
func FuzzDecryptOfEncryptIsTheTextAndNothingLeaks(f *testing.F) {
	lawSeeds(f, func(format byte, src []byte) {
		f.Add(format, byte(0), src)
		f.Add(format, byte(1), src)
	})
	f.Fuzz(func(t *testing.T, format, variant byte, src []byte) {
		src = variants[variantOrder[int(variant)%len(variantOrder)]](src)
		c, err := encryptText(t, lawFormat(t, format), src)
		if err != nil {
			return
		}
		back, err := c.open(c.encrypted)
		if err != nil {
			t.Fatalf("%q: encrypted, then %v", src, err)
		}
		if !bytes.Equal(plainOf(back), src) {
			t.Fatalf("%q came back as %q", src, plainOf(back))
		}
		if bytes.IndexByte(src, '\\') >= 0 {
			return // a key may be spelled in escapes, which no list of clear words has
		}
		if words, err := leaks(c.format, c.decrypted, c.encrypted); err != nil || len(words) > 0 {
			t.Fatalf("%q: %q are in the encrypted text (%v):\n%s", src, words, err, c.encrypted)
		}
	})
}

// FuzzAnyLayoutGivesTheSameValues: without its layout, with a damaged one, an
// older one or that of another text under the same data key, a file holds the
// same values.
func FuzzAnyLayoutGivesTheSameValues(f *testing.F) {
	lawSeeds(f, func(format byte, src []byte) { f.Add(format, src) })
	f.Fuzz(func(t *testing.T, format byte, src []byte) {
		c, err := encryptText(t, lawFormat(t, format), src)
		if err != nil {
			return
		}
		own, err := c.open(c.encrypted)
		if err != nil {
			t.Fatal(err)
		}
		for what, layout := range otherLayouts(t, c) {
			encrypted, err := withLayout(c, layout)
			if err != nil {
				t.Fatalf("%q, %s: %v", src, what, err)
			}
			back, err := c.open(encrypted)
			if err != nil {
				t.Fatalf("%q, %s: %v", src, what, err)
			}
			if diff := tree.Diff(own.Trees(), back.Trees()); diff != "" {
				t.Fatalf("%q, %s: %s", src, what, diff)
			}
			d, err := c.format.Parse(plainOf(back))
			if err == nil {
				err = sameData(c.format, own.Trees(), d.Trees())
			}
			if err != nil {
				t.Fatalf("%q, %s: %v in\n%s", src, what, err, plainOf(back))
			}
		}
	})
}

// FuzzSetThenGetAndUnsetIsAsBefore: a value that was set is there, all others
// are what they were; setting what is there changes nothing, and a new key that
// goes again leaves no trace.
func FuzzSetThenGetAndUnsetIsAsBefore(f *testing.F) {
	lawSeeds(f, func(format byte, src []byte) { f.Add(format, byte(1), "a new value", src) })
	f.Fuzz(func(t *testing.T, format, leaf byte, value string, src []byte) {
		c, err := encryptText(t, lawFormat(t, format), src)
		if err != nil || c.format.Name() == "binary" || value == "" {
			return
		}
		if all := addresses(c.decrypted.Trees()); len(all) > 0 {
			at := all[int(leaf)%len(all)]
			setThenGet(t, c, at, value)
			setAsItIs(t, c, at)
			unsetOfNew(t, c, at)
		}
	})
}

func setThenGet(t *testing.T, c lawCase, at tree.Address, value string) {
	t.Helper()
	o, want := reread(t, c), reread(t, c).Trees()
	if err := o.Set(at, tree.Text(value)); err != nil {
		return
	}
	tree.Set(want[0], at, tree.Text(value))
	out, err := o.Encrypt(encryptOptions())
	if err != nil {
		return
	}
	back, err := c.open(out)
	if err != nil {
		t.Fatalf("%q, %s set to %q: %v\n%s", c.src, at, value, err, out)
	}
	if err := sameData(c.format, want, back.Trees()); err != nil {
		t.Fatalf("%q, %s set to %q: %v\n%s", c.src, at, value, err, plainOf(back))
	}
}

func setAsItIs(t *testing.T, c lawCase, at tree.Address) {
	t.Helper()
	o := reread(t, c)
	n, err := tree.Find(o.Trees()[0], at)
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Set(at, n); err == nil && !bytes.Equal(plainOf(o), c.src) {
		t.Fatalf("%q, %s set to what it is: %q", c.src, at, plainOf(o))
	}
}

func unsetOfNew(t *testing.T, c lawCase, sibling tree.Address) {
	t.Helper()
	at := slices.Clone(sibling)
	for len(at) > 0 && !at[len(at)-1].IsKey {
		at = at[:len(at)-1]
	}
	if len(at) == 0 || c.format.Name() == "yaml" && !bytes.HasSuffix(c.src, []byte("\n")) {
		return // a block scalar that ended with the file needs another sign once a line follows
	}
	at[len(at)-1].Key = "key_that_was_not_there"
	o, lost := reopenedWarning(t, c)
	if err := o.Set(at, tree.Text("x")); err != nil || *lost {
		return
	}
	out, err := o.Encrypt(encryptOptions())
	if err != nil {
		return
	}
	back, err := c.open(out)
	if err != nil {
		t.Fatalf("%q, %s added: %v", c.src, at, err)
	}
	if err := back.Unset(at); err != nil {
		t.Fatalf("%q, %s added and taken out: %v", c.src, at, err)
	}
	if !bytes.Equal(plainOf(back), c.src) {
		t.Fatalf("%q, %s added and taken out: %q", c.src, at, plainOf(back))
	}
}

func reread(t *testing.T, c lawCase) *envelope.Decrypted {
	t.Helper()
	o, _ := reopenedWarning(t, c)
	return o
}

// reopenedWarning also reports, at any time, whether a warning came: that layout
// was lost, as where a key comes into a map that has aliases.
func reopenedWarning(t *testing.T, c lawCase) (*envelope.Decrypted, *bool) {
	t.Helper()
	warned := false
	s, err := envelope.Parse(c.encrypted, c.format)
	if err != nil {
		t.Fatalf("%q: %v", c.src, err)
	}
	o, err := s.DecryptWith(c.decrypted.Data, envelope.DecryptOptions{Warn: func(string) { warned = true }})
	if err != nil {
		t.Fatalf("%q: %v", c.src, err)
	}
	return o, &warned
}

// FuzzOtherKeysChangeNothingElse: updatekeys changes no byte outside the
// metadata.
func FuzzOtherKeysChangeNothingElse(f *testing.F) {
	lawSeeds(f, func(format byte, src []byte) { f.Add(format, src) })
	f.Fuzz(func(t *testing.T, format byte, src []byte) {
		c, err := encryptText(t, lawFormat(t, format), src)
		if err != nil {
			return
		}
		s, err := envelope.Parse(c.encrypted, c.format)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Recover(t.Context(), memoryKeeper{}, envelope.DecryptOptions{}); err != nil {
			t.Fatal(err)
		}
		before := bodyOf(t, c.format, c.encrypted)
		groups := s.Meta.Keys()
		second, err := memoryKeeper{}.Wrap(t.Context(), keeper.Undescribed(keeper.Age, "recipient", "second"), c.decrypted.Data)
		if err != nil {
			t.Fatal(err)
		}
		groups[0] = append(groups[0], second)
		out, err := s.SetKeys(groups, 0, rand.Reader)
		if err != nil {
			t.Fatalf("%q: %v", src, err)
		}
		if after := bodyOf(t, c.format, out); !bytes.Equal(before, after) {
			t.Fatalf("%q: the body was\n%s\nand is\n%s", src, before, after)
		}
		if back, err := c.open(out); err != nil || !bytes.Equal(plainOf(back), src) {
			t.Fatalf("%q: %v", src, err)
		}
	})
}

// FuzzMovedLinesAreNoticed: an encrypted file whose lines were moved, doubled,
// dropped or joined does not open, or holds what it held.
func FuzzMovedLinesAreNoticed(f *testing.F) {
	lawSeeds(f, func(format byte, src []byte) {
		for what := range byte(4) {
			f.Add(format, []byte{what, what % 3, 1 + what}, src)
		}
	})
	f.Fuzz(func(t *testing.T, format byte, ops, src []byte) {
		c, err := encryptText(t, lawFormat(t, format), src)
		if err != nil {
			return
		}
		own := reread(t, c)
		text := moveLines(c.encrypted, ops)
		if !bytes.Contains(text, []byte(own.Meta.Seal)) {
			return // without its seal a file is what it is in any other program
		}
		back, err := c.open(text)
		if err != nil {
			if e := (*envelope.Failure)(nil); errors.As(err, &e) && e.Kind == envelope.ErrRender {
				t.Fatalf("%q: %v\n%s", src, err, text)
			}
			return
		}
		if diff := tree.Diff(own.Trees(), back.Trees()); diff != "" {
			t.Fatalf("%q: %s\n%s", src, diff, text)
		}
	})
}

// moveLines makes changes, three bytes each: what, where, where to.
func moveLines(text, ops []byte) []byte {
	lines := bytes.SplitAfter(text, []byte("\n"))
	for ; len(ops) >= 3 && len(lines) > 1; ops = ops[3:] {
		i, j := int(ops[1])%len(lines), int(ops[2])%len(lines)
		switch ops[0] % 4 {
		case 0:
			lines[i], lines[j] = lines[j], lines[i]
		case 1:
			lines = slices.Delete(lines, i, i+1)
		case 2:
			lines = slices.Insert(lines, j, lines[i])
		case 3:
			lines[i] = bytes.TrimRight(lines[i], "\r\n")
		}
	}
	return bytes.Join(lines, nil)
}
