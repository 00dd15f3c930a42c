package content

// sample returns what a new file of a format begins with.
func sample(format string) []byte {
	switch format {
	case "yaml":
		return []byte(`hello: Replace this with your own content
example_key: example_value
# Comments are encrypted as well.
example_list:
    - first
    - second
example_number: 12.5
example_booleans:
    - true
    - false
`)
	case "json":
		return []byte(`{
	"hello": "Replace this with your own content",
	"example_key": "example_value",
	"example_list": [
		"first",
		"second"
	],
	"example_number": 12.5,
	"example_booleans": [
		true,
		false
	]
}
`)
	case "dotenv":
		return []byte(`# Replace this with your own content
HELLO=world
EXAMPLE_KEY=example_value
EXAMPLE_LINES=first\nsecond
`)
	case "ini":
		return []byte(`[example]
; Replace this with your own content
hello = world
example_key = example_value
`)
	}
	return []byte("Replace this with your own content")
}
