package audit

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/yamlread"
)

// maxConfig bounds the size of a configuration.
const maxConfig = 1 << 20

// load reads one configuration. What it does not understand is an error: a
// misspelt word must not switch the records off.
func load(path string) ([]placed, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil && info.Size() > maxConfig {
		err = errors.New("the file is too large")
	}
	var src []byte
	if err == nil {
		src, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, &Error{Path: path, Msg: "cannot be read, so that the use of files cannot be recorded: " + reason(err)}
	}
	all, wrong := parse(src)
	if wrong != nil {
		return nil, &Error{Path: path, At: wrong.At, Msg: wrong.Msg, hint: wrong.Hint}
	}
	for i := range all {
		all[i].config = path
	}
	return all, nil
}

// reason leaves the path out, which the message names already.
func reason(err error) string {
	if p := (*fs.PathError)(nil); errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}

// parse returns the backends of a configuration, or the first mistake in it.
func parse(src []byte) ([]placed, *yamlread.Problem) {
	root, err := yamlread.Parse(src)
	if errors.Is(err, yamlread.ErrEmpty) {
		return nil, nil
	}
	if p := (yamlread.Problem{}); errors.As(err, &p) {
		p.Msg = withoutSecrets(p.Msg)
		return nil, &p
	}
	r := yamlread.NewReader(len(src))
	var all []placed
	yamlread.Fields(r, root, "the audit configuration", []yamlread.Field[[]placed]{{
		Name: "backends",
		Read: func(r *yamlread.Reader, n yamlread.Node, all *[]placed) {
			yamlread.Fields(r, n, "backends", backendFields(), all)
		},
	}}, &all)
	if len(r.Problems) > 0 {
		p := r.Problems[0]
		if msg := withoutSecrets(p.Msg); msg != p.Msg {
			p.Msg, p.Hint = msg, ""
		}
		return nil, &p
	}
	return all, nil
}

// withoutSecrets takes what may be a password out of a message that quotes a word
// of the file.
func withoutSecrets(msg string) string {
	if strings.Contains(msg, "://") && strings.Contains(msg, "@") || strings.Contains(msg, "password") {
		return "a connection string is in the wrong place"
	}
	return msg
}

// An entry is one element of a list of backends.
type entry struct{ connection, path, address, tag, facility yamlread.Text }

func backendFields() []yamlread.Field[[]placed] {
	text := func(name string, at func(*entry) *yamlread.Text) yamlread.Field[entry] {
		return yamlread.Field[entry]{Name: name, Read: func(r *yamlread.Reader, n yamlread.Node, e *entry) { *at(e) = r.Text(n, name) }}
	}
	list := func(name string, fields []yamlread.Field[entry], make func(*yamlread.Reader, yamlread.Node, entry) backend) yamlread.Field[[]placed] {
		return yamlread.Field[[]placed]{Name: name, Read: func(r *yamlread.Reader, n yamlread.Node, all *[]placed) {
			for _, item := range r.Items(n, name) {
				var e entry
				yamlread.Fields(r, item, "a backend of "+name, fields, &e)
				*all = append(*all, placed{backend: make(r, item, e), at: item.At()})
			}
		}}
	}
	return []yamlread.Field[[]placed]{
		list("postgres", []yamlread.Field[entry]{text("connection_string", func(e *entry) *yamlread.Text { return &e.connection })}, newPostgres),
		list("file", []yamlread.Field[entry]{text("path", func(e *entry) *yamlread.Text { return &e.path })}, newFile),
		list("syslog", []yamlread.Field[entry]{
			text("address", func(e *entry) *yamlread.Text { return &e.address }),
			text("tag", func(e *entry) *yamlread.Text { return &e.tag }),
			text("facility", func(e *entry) *yamlread.Text { return &e.facility }),
		}, newSyslog),
	}
}

func newFile(r *yamlread.Reader, n yamlread.Node, e entry) backend {
	if !filepath.IsAbs(e.path.Value) {
		r.Fail(n, "write the whole path, such as /var/log/sops/audit.jsonl", "a backend of file needs an absolute path")
	}
	return &file{path: e.path.Value}
}

func newPostgres(r *yamlread.Reader, n yamlread.Node, e entry) backend {
	p, err := parsePostgres(e.connection.Value)
	if err != nil {
		r.Fail(n, "write it as in postgres://USER:PASSWORD@HOST/DATABASE", "%v", err)
	}
	return p
}

func newSyslog(r *yamlread.Reader, n yamlread.Node, e entry) backend {
	s, err := parseSyslog(e.address.Value, cmp.Or(e.tag.Value, "sops"), cmp.Or(e.facility.Value, "authpriv"))
	if err != nil {
		r.Fail(n, "", "%v", err)
	}
	return s
}
