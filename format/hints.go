package format

// A Pruner is a Document that knows which hints about the text as a whole do not
// fit it any more.
type Pruner interface {
	// Prune returns l without those; l itself does not change.
	Prune(l *Layout) *Layout
}

// Prune returns l without the hints that do not fit d.
func Prune(d Document, l *Layout) *Layout {
	if r, ok := d.(*recoded); ok {
		d = r.Document
	}
	if p, ok := d.(Pruner); ok && l != nil {
		return p.Prune(l)
	}
	return l
}
