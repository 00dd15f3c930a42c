package devkms

import (
	"encoding/xml"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

const stsNamespace = "https://sts.amazonaws.com/doc/2011-06-15/"

// A stsOperation answers one kind of call. Unsigned ones carry a token that
// says who calls.
type stsOperation struct {
	unsigned bool
	run      func(*call, url.Values) (any, *apiError)
}

func stsOperations() map[string]stsOperation {
	return map[string]stsOperation{
		"AssumeRole":                {run: (*call).assumeRole},
		"AssumeRoleWithWebIdentity": {unsigned: true, run: (*call).assumeRoleWithWebIdentity},
		"GetCallerIdentity":         {run: (*call).getCallerIdentity},
		"GetSessionToken":           {run: (*call).getSessionToken},
	}
}

func (c *call) answerSTS() (any, *apiError) {
	op, known := c.server.sts[c.name]
	if !known || !op.unsigned {
		who, _, problem := c.server.authenticate(c.request, "sts", c.body)
		if problem != nil {
			return nil, problem
		}
		c.enter(who)
	}
	form, err := url.ParseQuery(string(c.body))
	if err != nil {
		return nil, refuse("MalformedInput", "devkms: the body is no form")
	}
	if !known {
		return nil, refuse("InvalidAction", "Could not find operation %s for version %s", c.name, form.Get("Version"))
	}
	return op.run(c, form)
}

// formValue reads one value of a form, "" if there is none.
func formValue(body []byte, name string) string {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return ""
	}
	return form.Get(name)
}

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

// stsCredentials and the types below are the answers as XML.
type stsCredentials struct {
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

func (c *call) getCallerIdentity(url.Values) (any, *apiError) {
	return callerIdentity{c.who.arn, c.who.id, c.who.account}, nil
}

type stsAnswer struct {
	XMLName  xml.Name
	Result   any
	Metadata stsMetadata `xml:"ResponseMetadata"`
}

type stsMetadata struct {
	RequestID string `xml:"RequestId"`
}

type stsError struct {
	XMLName   xml.Name `xml:"ErrorResponse"`
	Namespace string   `xml:"xmlns,attr"`
	Type      string   `xml:"Error>Type"`
	Code      string   `xml:"Error>Code"`
	Message   string   `xml:"Error>Message"`
	RequestID string   `xml:"RequestId"`
}

// MarshalXML names the elements after the operation.
func (a stsAnswer) MarshalXML(e *xml.Encoder, _ xml.StartElement) error {
	root := xml.StartElement{Name: xml.Name{Local: a.XMLName.Local + "Response"}, Attr: []xml.Attr{{Name: xml.Name{Local: "xmlns"}, Value: stsNamespace}}}
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

func (c *call) writeXML(w http.ResponseWriter, result any, problem *apiError) {
	var answer any = stsAnswer{XMLName: xml.Name{Local: c.name}, Result: result, Metadata: stsMetadata{c.id}}
	status := http.StatusOK
	if problem != nil {
		status = problem.status
		kind := "Sender"
		if status >= 500 {
			kind = "Receiver"
		}
		answer = stsError{Namespace: stsNamespace, Type: kind, Code: problem.code, Message: problem.message, RequestID: c.id}
	}
	b, err := xml.Marshal(answer)
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
