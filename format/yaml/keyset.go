package yaml

// A keySet finds keys that come twice. Maps are mostly small: a hash table is
// only made for the others.
type keySet struct {
	list  []string
	lines []int
	table map[string]int
}

const smallSet = 8

func newKeySet(n int) *keySet {
	if n > smallSet {
		return &keySet{table: make(map[string]int, n)}
	}
	return &keySet{list: make([]string, 0, n), lines: make([]int, 0, n)}
}

// add returns the line on which key came before, 0 if it is new.
func (s *keySet) add(key string, line int) int {
	if s.table != nil {
		if first := s.table[key]; first > 0 {
			return first
		}
		s.table[key] = line
		return 0
	}
	for i, k := range s.list {
		if k == key {
			return s.lines[i]
		}
	}
	s.list, s.lines = append(s.list, key), append(s.lines, line)
	return 0
}
