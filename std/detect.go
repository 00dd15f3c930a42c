package std

import (
	"bytes"
	"regexp"

	"github.com/seed-1f7fdfb8/sops/format"
	"github.com/seed-1f7fdfb8/sops/format/binary"
	"github.com/seed-1f7fdfb8/sops/format/json"
	"github.com/seed-1f7fdfb8/sops/format/yaml"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// tokenStart begins every encrypted value.
const tokenStart = "ENC[AES256_GCM,"

// Detect returns the format of an encrypted file by its metadata, for files
// whose names say nothing. The file need not be sound: the reason why it cannot
// be read is one of that format.
func Detect(data []byte) (format string, encrypted bool) {
	text := narrow(data)
	if !bytes.Contains(text, []byte(tokenStart)) {
		return "", false
	}
	has := func(pattern string) bool { return regexp.MustCompile(pattern).Match(text) }
	asJSON := has(`"sops"\s*:`)
	switch {
	case asJSON && bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")):
		return detectJSON(data), true
	case has(`(?m)^\s*(export\s+)?sops_(mac|version|lastmodified)\s*=`):
		return "dotenv", true
	case has(`(?m)^\s*\[sops\]`):
		return "ini", true
	case has(`(?m)^["']?sops["']?\s*:`):
		return "yaml", true
	}
	return "json", asJSON // with something before its first brace
}

// detectJSON distinguishes JSON from the envelope of a binary file, which has no other
// key than data, and from YAML in braces.
func detectJSON(data []byte) string {
	d, err := json.Format{}.ParseEncrypted(data)
	if err != nil {
		if y, err := (yaml.Format{}).ParseEncrypted(data); err == nil && y.Meta() != nil {
			return "yaml"
		}
		return "json"
	}
	if isEnvelope(d) {
		return binary.Format{}.Name()
	}
	return "json"
}

func isEnvelope(d format.Document) bool {
	trees := d.Trees()
	if len(trees) != 1 || len(trees[0].Items) != 1 || trees[0].Items[0].Key != "data" {
		return false
	}
	s, ok := trees[0].Items[0].Value.(*tree.Scalar)
	return ok && s.Value.Kind() == tree.String
}

// narrow returns text in UTF-16 without the bytes that letters of ASCII have
// too many. It is enough to look for words in.
func narrow(data []byte) []byte {
	head := data[:min(len(data), 64)]
	if bytes.IndexByte(head, 0) < 0 {
		return bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	}
	text := bytes.ReplaceAll(data, []byte{0}, nil)
	for _, bom := range []string{"\xff\xfe", "\xfe\xff"} {
		text = bytes.TrimPrefix(text, []byte(bom))
	}
	return text
}

// Token returns the line, from 1, of the first encrypted value in a text of
// whatever format; 0 if there is none.
func Token(data []byte) (line int) {
	text := narrow(data)
	if !bytes.Contains(text, []byte(tokenStart)) {
		return 0
	}
	const base64 = `[A-Za-z0-9+/=]`
	token := regexp.MustCompile(`ENC\[AES256_GCM,data:` + base64 + `*,iv:` + base64 + `+,tag:` + base64 + `+,type:[a-z]+\]`)
	at := token.FindIndex(text)
	if at == nil {
		return 0
	}
	return 1 + bytes.Count(text[:at[0]], []byte("\n"))
}

// Conflict returns the line, from 1, of the first marker that a merge left in a
// text; 0 if there is none.
func Conflict(data []byte) (line int) {
	text := narrow(data)
	for _, marker := range []string{"<<<<<<< ", ">>>>>>> "} {
		if bytes.HasPrefix(text, []byte(marker)) {
			return 1
		}
		if at := bytes.Index(text, []byte("\n"+marker)); at >= 0 {
			return 2 + bytes.Count(text[:at], []byte("\n"))
		}
	}
	return 0
}
