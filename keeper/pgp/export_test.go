package pgp

// Recipients returns the key ids that a message names, nil if it is none.
func Recipients(enc string) []string {
	m, err := parseMessage(enc)
	if err != nil {
		return nil
	}
	return m.ids
}

// Parsers for fuzz targets.
var (
	ParseMessage = func(enc string) ([]string, error) { m, err := parseMessage(enc); return m.ids, err }
	ParseListing = func(out string) int { return len(parseListing(out)) }
	ParseStatus  = func(out string) (lines, text []string) { s := parseStatus(out); return s.lines, s.text }
	ParseName    = func(text string) (digits string, forced bool, err error) {
		n, err := parseName(text)
		return n.digits, n.forced, err
	}
	Clean = clean
)
