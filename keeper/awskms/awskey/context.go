package awskey

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/seed-1f7fdfb8/sops/keeper"
)

// maxContext is what KMS takes of an encryption context, in bytes of the
// canonical form.
const maxContext = 8192

// A ContextError is an encryption context that cannot be used as it is. It
// is never repaired: a key wrapped under another context than the one meant is
// open to others than those meant. It is a keeper.ErrContext.
type ContextError struct {
	Reason string
	Hint   string
}

func (e *ContextError) Error() string { return "encryption context: " + e.Reason }

// Is reports whether target is keeper.ErrContext.
func (e *ContextError) Is(target error) bool { return target == keeper.ErrContext }

// Hints returns what to write instead.
func (e *ContextError) Hints() []string {
	if e.Hint == "" {
		return nil
	}
	return []string{e.Hint}
}

const contextHint = `write KEY:VALUE,KEY2:VALUE2, or a JSON object of strings if a key or value holds commas: {"KEY":"VALUE"}`

// ParseContext reads an encryption context: pairs k:v,k2:v2, of which the first
// colon separates, or a JSON object of strings. Blank text is no context.
func ParseContext(text string) (map[string]string, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return nil, nil
	}
	if !utf8.ValidString(text) {
		return nil, &ContextError{Reason: "is not valid UTF-8"}
	}
	parse := parsePairs
	if strings.HasPrefix(text, "{") {
		parse = parseObject
	}
	context, err := parse(text)
	if err != nil {
		return nil, err
	}
	return context, CheckContext(context)
}

func parsePairs(text string) (map[string]string, error) {
	context := map[string]string{}
	for pair := range strings.SplitSeq(text, ",") {
		pair = strings.TrimSpace(pair)
		k, v, ok := strings.Cut(pair, ":")
		if !ok {
			return nil, &ContextError{Reason: fmt.Sprintf("%q is not KEY:VALUE", pair), Hint: contextHint}
		}
		if err := add(context, k, v); err != nil {
			return nil, err
		}
	}
	return context, nil
}

func add(context map[string]string, k, v string) error {
	if _, twice := context[k]; twice {
		return &ContextError{Reason: fmt.Sprintf("key %q appears twice", k), Hint: "give each key once"}
	}
	context[k] = v
	return nil
}

func parseObject(text string) (map[string]string, error) {
	d := json.NewDecoder(strings.NewReader(text))
	bad := func(err error) error {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return &ContextError{Reason: "the JSON object has no end", Hint: contextHint}
		}
		return &ContextError{Reason: "not a JSON object: " + err.Error(), Hint: contextHint}
	}
	if _, err := d.Token(); err != nil { // the brace
		return nil, bad(err)
	}
	context := map[string]string{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, bad(err)
		}
		value, err := d.Token()
		if err != nil {
			return nil, bad(err)
		}
		k := name.(string) // the decoder takes nothing else for a name
		v, ok := value.(string)
		if !ok {
			return nil, &ContextError{Reason: fmt.Sprintf("the value of key %q is not a string", k), Hint: "put the value into double quotes"}
		}
		if err := errors.Join(intact(text, k), intact(text, v), add(context, k, v)); err != nil {
			return nil, err
		}
	}
	if _, err := d.Token(); err != nil {
		return nil, bad(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, &ContextError{Reason: "something follows the JSON object", Hint: contextHint}
	}
	return context, nil
}

// intact fails where the decoder put a replacement character in the place of
// half a surrogate pair.
func intact(text, decoded string) error {
	const replacement = "\uFFFD"
	if !strings.Contains(decoded, replacement) || strings.Contains(text, replacement) ||
		strings.Contains(strings.ToLower(text), `\ufffd`) {
		return nil
	}
	return &ContextError{Reason: `a \u escape stands for half a character`, Hint: "write the character itself"}
}

// CheckContext reports a context that KMS would refuse, or whose names AWS
// keeps for itself.
func CheckContext(context map[string]string) error {
	size := 2 // the braces
	for _, k := range slices.Sorted(maps.Keys(context)) {
		v := context[k]
		switch {
		case k == "":
			return &ContextError{Reason: "a key is empty", Hint: contextHint}
		case !utf8.ValidString(k) || !utf8.ValidString(v):
			return &ContextError{Reason: fmt.Sprintf("key %q or its value is not valid UTF-8", k)}
		case reserved(k):
			return &ContextError{Reason: fmt.Sprintf("key %q is reserved by AWS", k), Hint: "choose a name that does not begin with aws: or aws-crypto-"}
		}
		size += len(k) + len(v) + len(`"":"",`)
	}
	if size > maxContext {
		return &ContextError{Reason: fmt.Sprintf("%d bytes are more than the %d that KMS takes", size, maxContext), Hint: "shorten the values"}
	}
	return nil
}

// reserved names are those that AWS services and the AWS Encryption SDK set.
func reserved(k string) bool {
	k = strings.ToLower(k)
	return strings.HasPrefix(k, "aws:") || strings.HasPrefix(k, "aws-crypto-")
}
