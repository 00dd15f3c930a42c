// Package cloudtrail writes calls as AWS CloudTrail does.
package cloudtrail

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/seed-1f7fdfb8/sops/devkms/internal/awsname"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/iam"
)

// A Call is what the log says of a call.
type Call struct {
	Time                                  time.Time
	Service, Operation, Account           string
	AccessKey, Region, Key, Role          string
	EncryptionContext, DestinationContext map[string]string
	Destination, ErrorCode, ErrorMessage  string
	Decision, Fault, RequestID            string
	SourceIP, UserAgent                   string
	Who                                   *iam.Principal // nil if unknown
}

// A trailEvent is a Call as CloudTrail writes it.
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

// Line returns the call as one line of JSON.
func (c Call) Line() []byte {
	e := trailEvent{
		EventVersion: "1.11", UserIdentity: c.identity(), EventTime: c.Time.UTC().Format(time.RFC3339),
		EventSource: c.Service + ".amazonaws.com", EventName: c.Operation, AWSRegion: c.Region, SourceIPAddress: c.SourceIP,
		UserAgent: c.UserAgent, ErrorCode: c.ErrorCode, ErrorMessage: c.ErrorMessage, RequestParameters: c.parameters(),
		RequestID: c.RequestID, EventID: c.RequestID, ReadOnly: c.readOnly(), EventType: "AwsApiCall", ManagementEvent: true,
		RecipientAccountID: c.Account,
	}
	for _, thing := range []trailThing{{"", "AWS::KMS::Key", c.Key}, {"", "AWS::KMS::Key", c.Destination}, {"", "AWS::IAM::Role", c.Role}} {
		if a, ok := awsname.ParseARN(thing.ARN); ok {
			thing.AccountID = a.Account
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
	if c.Who == nil {
		return map[string]any{"type": "Unknown"}
	}
	id := map[string]any{"principalId": c.Who.ID, "arn": c.Who.ARN, "accountId": c.Who.Account, "accessKeyId": c.AccessKey}
	switch c.Who.Kind {
	case iam.UserKind:
		id["type"], id["userName"] = "IAMUser", c.Who.Name
	case iam.RootUser:
		id["type"] = "Root"
	case iam.TokenBearer:
		id["type"] = "WebIdentityUser"
	case iam.RoleSession:
		role, _, _ := strings.Cut(c.Who.ID, ":")
		id["type"] = "AssumedRole"
		id["sessionContext"] = map[string]any{
			"sessionIssuer": map[string]any{"type": "Role", "principalId": role, "arn": c.Who.RoleARN, "accountId": c.Who.Account, "userName": c.Who.Name},
			"attributes":    map[string]any{"creationDate": c.Who.Issued.Format(time.RFC3339), "mfaAuthenticated": strconv.FormatBool(!c.Who.MFATime.IsZero())},
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
