package sts

import (
	"encoding/xml"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/seed-1f7fdfb8/sops/devkms/internal/apierror"
)

const namespace = "https://sts.amazonaws.com/doc/2011-06-15/"

// optional returns a form's value, or nil if it is not there.
func optional(form url.Values, name string) *string {
	if !form.Has(name) {
		return nil
	}
	v := form.Get(name)
	return &v
}

// members reads a list of the query protocol: NAME.member.1, .2 and so on;
// with a field, NAME.member.1.FIELD.
func members(form url.Values, name, field string) []string {
	var out []string
	for i := 1; ; i++ {
		k := name + ".member." + strconv.Itoa(i)
		if field != "" {
			k += "." + field
		}
		if !form.Has(k) {
			return out
		}
		out = append(out, form.Get(k))
	}
}

// A credentials is an answer's, as XML.
type credentials struct {
	AccessKeyID     string `xml:"AccessKeyId"`
	SecretAccessKey string
	SessionToken    string
	Expiration      string
}

type callerIdentity struct {
	ARN     string `xml:"Arn"`
	UserID  string `xml:"UserId"`
	Account string
}

func (c *Call) getCallerIdentity(url.Values) (any, *apierror.Error) {
	return callerIdentity{c.Who.ARN, c.Who.ID, c.Who.Account}, nil
}

// An answer wraps the result of an operation.
type answer struct {
	XMLName  xml.Name
	Result   any
	Metadata metadata `xml:"ResponseMetadata"`
}

type metadata struct {
	RequestID string `xml:"RequestId"`
}

type failure struct {
	XMLName   xml.Name `xml:"ErrorResponse"`
	Namespace string   `xml:"xmlns,attr"`
	Type      string   `xml:"Error>Type"`
	Code      string   `xml:"Error>Code"`
	Message   string   `xml:"Error>Message"`
	RequestID string   `xml:"RequestId"`
}

// MarshalXML names the elements after the operation.
func (a answer) MarshalXML(e *xml.Encoder, _ xml.StartElement) error {
	root := xml.StartElement{Name: xml.Name{Local: a.XMLName.Local + "Response"}, Attr: []xml.Attr{{Name: xml.Name{Local: "xmlns"}, Value: namespace}}}
	if err := e.EncodeToken(root); err != nil {
		return err
	}
	if err := e.EncodeElement(a.Result, xml.StartElement{Name: xml.Name{Local: a.XMLName.Local + "Result"}}); err != nil {
		return err
	}
	if err := e.EncodeElement(a.Metadata, xml.StartElement{Name: xml.Name{Local: "ResponseMetadata"}}); err != nil {
		return err
	}
	return e.EncodeToken(root.End())
}

// Write writes the result of an operation, or the refusal, as XML.
func Write(w http.ResponseWriter, operation, requestID string, result any, problem *apierror.Error) {
	var body any = answer{XMLName: xml.Name{Local: operation}, Result: result, Metadata: metadata{requestID}}
	status := http.StatusOK
	if problem != nil {
		status = problem.Status
		kind := "Sender"
		if status >= 500 {
			kind = "Receiver"
		}
		body = failure{Namespace: namespace, Type: kind, Code: problem.Code, Message: problem.Message, RequestID: requestID}
	}
	b, err := xml.Marshal(body)
	if err != nil {
		http.Error(w, "devkms: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/xml")
	w.WriteHeader(status)
	if _, err := w.Write(b); err != nil {
		return // the caller has gone
	}
}

// hasDuplicates reports whether a list names something twice.
func hasDuplicates(list []string) bool {
	sorted := slices.Sorted(slices.Values(list))
	return len(slices.Compact(sorted)) != len(list)
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }
