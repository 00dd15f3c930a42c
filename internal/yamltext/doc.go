// Package yamltext is a lossless YAML parser: text in, one tree of nodes out, in
// which each node and each comment knows its bytes.
//
//	# the database                    comment [0,14), Head of "db"
//	db: {pass: !!str "s3cret"} # x    mapping in Flow style, [19,41); its comment
//	                                  is Inline
//	f, err := yamltext.Options{}.Parse(text)
//	root := f.Documents[0].Root
//	for key := range f.Children(root) { ... f.Value(key), f.Node(key).Start ... }
//
// Nodes are numbered in the order in which they begin, and live in one block of
// memory; values are pieces of the text unless they had to be unfolded or
// unescaped.
//
// The scanner (internal/scan) turns bytes into tokens. Block structure is not in
// the text: it follows from columns, and from colons that make keys of what is
// before them; so a token that may yet be a key waits until its line ends. The
// parser (parser.go, collection.go) turns tokens into nodes by recursive descent
// over the grammar of YAML 1.1. What the text of a scalar means is known to
// internal/scalar.
//
// What a comment belongs to is no part of YAML, but part of the wire format: a
// comment is encrypted under the path of its container. Programs that read the
// format have it from one library, go.yaml.in/yaml/v3, so the law of this
// package is to accept what that library accepts, and to read the same in it:
// values, types, tags, anchors, and the node of each comment (gap.go, foot.go).
// The tests hold it to that over files, over the product of what can be around
// comments, and by fuzzing. Where the library itself follows no rule that could
// be found, File.Doubts says so, and a caller that must be sure asks the library
// too.
package yamltext
