package devkms

import (
	"encoding/json"
	"strings"
	"time"
)

// A trailEvent is a Call in the field names of CloudTrail.
type trailEvent struct {
	EventVersion        string         `json:"eventVersion"`
	UserIdentity        map[string]any `json:"userIdentity"`
	EventTime           string         `json:"eventTime"`
	EventSource         string         `json:"eventSource"`
	EventName           string         `json:"eventName"`
	AWSRegion           string         `json:"awsRegion"`
	SourceIPAddress     string         `json:"sourceIPAddress"`
	UserAgent           string         `json:"userAgent"`
	ErrorCode           string         `json:"errorCode,omitempty"`
	ErrorMessage        string         `json:"errorMessage,omitempty"`
	RequestParameters   map[string]any `json:"requestParameters"`
	ResponseElements    any            `json:"responseElements"`
	AdditionalEventData map[string]any `json:"additionalEventData,omitempty"`
	RequestID           string         `json:"requestID"`
	EventID             string         `json:"eventID"`
	ReadOnly            bool           `json:"readOnly"`
	Resources           []trailThing   `json:"resources,omitempty"`
	EventType           string         `json:"eventType"`
	ManagementEvent     bool           `json:"managementEvent"`
	RecipientAccountID  string         `json:"recipientAccountId"`
}

type trailThing struct {
	AccountID string `json:"accountId"`
	Type      string `json:"type"`
	ARN       string `json:"ARN"`
}

// cloudTrail returns the call as one line of JSON.
func (c Call) cloudTrail() []byte {
	e := trailEvent{
		EventVersion: "1.11", UserIdentity: c.identity(), EventTime: c.Time.UTC().Format(time.RFC3339),
		EventSource: c.Service + ".amazonaws.com", EventName: c.Operation, AWSRegion: c.Region, SourceIPAddress: c.SourceIP,
		UserAgent: c.UserAgent, ErrorCode: c.ErrorCode, ErrorMessage: c.ErrorMessage, RequestParameters: c.parameters(),
		RequestID: c.RequestID, EventID: c.RequestID, ReadOnly: c.readOnly(), EventType: "AwsApiCall", ManagementEvent: true,
		RecipientAccountID: c.Account,
	}
	for _, thing := range []trailThing{{"", "AWS::KMS::Key", c.Key}, {"", "AWS::KMS::Key", c.Destination}, {"", "AWS::IAM::Role", c.Role}} {
		if a, ok := parseARN(thing.ARN); ok {
			thing.AccountID = a.account
			e.Resources = append(e.Resources, thing)
		}
	}
	data := map[string]any{}
	if c.Decision != "" {
		data["devkmsDecision"] = c.Decision
	}
	if c.Fault != "" {
		data["devkmsFault"] = c.Fault
	}
	e.AdditionalEventData = data
	line, err := json.Marshal(e)
	if err != nil {
		return nil
	}
	return append(line, '\n')
}

func (c Call) parameters() map[string]any {
	p := map[string]any{}
	if c.Key != "" {
		p["keyId"] = c.Key
	}
	if c.Role != "" {
		p["roleArn"] = c.Role
	}
	name := "encryptionContext"
	if c.Operation == "ReEncrypt" {
		name = "sourceEncryptionContext"
	}
	if len(c.EncryptionContext) > 0 {
		p[name] = c.EncryptionContext
	}
	if c.Destination != "" {
		p["destinationKeyId"] = c.Destination
	}
	if len(c.DestinationContext) > 0 {
		p["destinationEncryptionContext"] = c.DestinationContext
	}
	return p
}

func (c Call) identity() map[string]any {
	if c.who == nil {
		return map[string]any{"type": "Unknown"}
	}
	id := map[string]any{"principalId": c.who.id, "arn": c.who.arn, "accountId": c.who.account, "accessKeyId": c.AccessKey}
	switch c.who.kind {
	case userKind:
		id["type"], id["userName"] = "IAMUser", c.who.name
	case rootUser:
		id["type"] = "Root"
	case tokenBearer:
		id["type"] = "WebIdentityUser"
	case roleSession:
		role, _, _ := strings.Cut(c.who.id, ":")
		id["type"] = "AssumedRole"
		id["sessionContext"] = map[string]any{
			"sessionIssuer": map[string]any{"type": "Role", "principalId": role, "arn": c.who.roleARN, "accountId": c.who.account, "userName": c.who.name},
			"attributes":    map[string]any{"creationDate": c.who.issued.Format(time.RFC3339), "mfaAuthenticated": boolText(!c.who.mfaTime.IsZero())},
		}
	}
	return id
}

func (c Call) readOnly() bool {
	for _, prefix := range []string{"Create", "Update", "Delete", "Put", "Enable", "Disable", "Schedule", "Cancel", "Rotate", "Replicate", "Tag", "Untag"} {
		if strings.HasPrefix(c.Operation, prefix) {
			return false
		}
	}
	return true
}
