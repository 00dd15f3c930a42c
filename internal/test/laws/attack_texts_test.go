package laws_test

import (
	"slices"
	"strings"

	"github.com/seed-1f7fdfb8/sops/tree"
)

// text returns a random text: the rendering of a random tree, a golden seed, or
// one with its lines disturbed.
func (s *story) text() []byte {
	r := s.random
	seeds := seedTexts[s.format.Name()]
	switch {
	case s.format.Name() == "yaml" && r.Intn(3) > 0:
		return s.yaml()
	case r.Intn(2) == 0:
		return s.disturb([]byte(seeds[r.Intn(len(seeds))]))
	}
	m := s.mapping(3)
	if s.format.Name() == "ini" {
		m = &tree.Map{}
		for range 1 + r.Intn(3) {
			m.Put(s.key(), s.mapping(0))
		}
	} else if s.format.Name() == "dotenv" {
		m = s.mapping(0)
	}
	text, err := s.format.Render([]*tree.Map{m})
	if err != nil {
		return []byte(seeds[0])
	}
	return text
}

func (s *story) yaml() []byte {
	var b strings.Builder
	for i := range 1 + s.random.Intn(2) {
		if i > 0 {
			b.WriteString("---\n")
		}
		s.yamlMap(&b, "", 3)
	}
	return []byte(b.String())
}

func (s *story) yamlMap(b *strings.Builder, indent string, depth int) {
	r := s.random
	used := map[string]bool{}
	for range 1 + r.Intn(4) {
		k := s.key()
		if used[k] {
			continue
		}
		used[k] = true
		s.yamlComment(b, indent)
		b.WriteString(indent + k + ":")
		s.yamlValue(b, indent, depth)
	}
	s.yamlComment(b, indent)
}

func (s *story) yamlComment(b *strings.Builder, indent string) {
	switch s.random.Intn(8) {
	case 0:
		b.WriteString(indent + "# " + s.word() + " " + []string{"note", "secret", "plain"}[s.random.Intn(3)] + "\n")
	case 1:
		if s.random.Intn(3) == 0 {
			b.WriteString("\n")
		}
	}
}

func (s *story) yamlValue(b *strings.Builder, indent string, depth int) {
	r := s.random
	if depth > 0 && r.Intn(3) == 0 {
		b.WriteString("\n")
		s.yamlMap(b, indent+"  ", depth-1)
		return
	}
	if depth > 0 && r.Intn(3) == 0 {
		b.WriteString("\n")
		for range 1 + r.Intn(3) {
			s.yamlComment(b, indent+"  ")
			if r.Intn(4) == 0 {
				b.WriteString(indent + "  - " + s.key() + ":")
				s.yamlValue(b, indent+"      ", 0)
				continue
			}
			b.WriteString(indent + "  -")
			s.yamlValue(b, indent+"    ", 0)
		}
		return
	}
	w := s.word()
	b.WriteString([]string{
		" " + w, " \"" + w + "\"", " '" + w + "'", " |\n" + indent + "  " + w + "\n" + indent + "  two", " >-\n" + indent + "  " + w,
		" {x: " + w + ", y: [1, \"" + w + "\"]}", " [a, " + w + "]", " 1.0", " 0x1F", " true", " ~", " \"\"", " []", " {}",
		" " + w + " # " + w + " secret", " !Ref " + w, " 12", " 2001-12-14", " \"q\\x41\"",
	}[r.Intn(19)] + "\n")
}

// disturb swaps, doubles or drops lines.
func (s *story) disturb(src []byte) []byte {
	r := s.random
	lines := strings.SplitAfter(string(src), "\n")
	for range r.Intn(3) {
		i, j := r.Intn(len(lines)), r.Intn(len(lines))
		switch r.Intn(4) {
		case 0:
			lines[i], lines[j] = lines[j], lines[i]
		case 1:
			lines = slices.Insert(lines, i, lines[j])
		case 2:
			if len(lines) > 1 {
				lines = slices.Delete(lines, i, i+1)
			}
		case 3:
			lines[i] = strings.Replace(lines[i], "e", s.word(), 1)
		}
	}
	return []byte(strings.Join(lines, ""))
}

func (s *story) key() string {
	return []string{"a", "b", "c", "d", "e", "k_s", "k_p", "x_unencrypted", "b_s"}[s.random.Intn(9)]
}

func (s *story) word() string {
	words := []string{"alpha", "bravo", "charlie", "x", "ünï", "two words", "delta=1", "echo;x"}
	return words[s.random.Intn(len(words))]
}

func (s *story) value() tree.Value {
	r := s.random
	switch r.Intn(9) {
	case 0:
		return tree.IntValue(int64(r.Intn(5)))
	case 1:
		return tree.BoolValue(r.Intn(2) == 0)
	case 2:
		if s.format.Name() == "dotenv" || s.format.Name() == "ini" {
			return tree.FloatValue(0.5)
		}
		return tree.FloatValue(float64(r.Intn(5)) / 2)
	case 3:
		return tree.Value{}
	case 4:
		odd := []string{"", "# x", " lead", "trail ", "a: b", "- x", "line\nbreak", "'q'", "\"d\"", "yes", "~", "1", "[", "ENC[", "\\n", "a;b", "tab\there", "end\n"}
		return tree.StringValue(odd[r.Intn(len(odd))])
	}
	return tree.StringValue(s.word())
}

func (s *story) mapping(depth int) *tree.Map {
	m := &tree.Map{}
	for range 1 + s.random.Intn(4) {
		m.Put(s.key(), s.node(depth))
	}
	return m
}

func (s *story) node(depth int) tree.Node {
	if depth > 0 {
		switch s.random.Intn(4) {
		case 0:
			return s.mapping(depth - 1)
		case 1:
			l := &tree.List{}
			for range s.random.Intn(4) {
				l.Items = append(l.Items, s.node(depth-1))
			}
			return l
		}
	}
	return tree.NewScalar(s.value())
}
