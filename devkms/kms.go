package devkms

import (
	"encoding/json"
	"net/http"
)

// A kmsOperation answers one kind of call. One that changes something says
// so, and has the store to itself.
type kmsOperation struct {
	changes bool
	run     func(*call) (any, *apiError)
}

// reads and changes make an operation of a function with its own input type.
func reads[In any](f func(*call, *In) (any, *apiError)) kmsOperation {
	return kmsOperation{run: decoding(f)}
}

func changes[In any](f func(*call, *In) (any, *apiError)) kmsOperation {
	return kmsOperation{changes: true, run: decoding(f)}
}

func decoding[In any](f func(*call, *In) (any, *apiError)) func(*call) (any, *apiError) {
	return func(c *call) (any, *apiError) {
		var in In
		if err := json.Unmarshal(c.body, &in); err != nil {
			return nil, refuse("SerializationException", "devkms: %v", err)
		}
		return f(c, &in)
	}
}

func kmsOperations() map[string]kmsOperation {
	// This table is the list of what there is; docs/devkms.md follows it.
	return map[string]kmsOperation{
		"Encrypt":                         reads((*call).encrypt),
		"Decrypt":                         reads((*call).decrypt),
		"ReEncrypt":                       reads((*call).reEncrypt),
		"GenerateDataKey":                 reads((*call).generateDataKey),
		"GenerateDataKeyWithoutPlaintext": reads((*call).generateDataKeyWithoutPlaintext),
		"GenerateRandom":                  reads((*call).generateRandom),
		"DescribeKey":                     reads((*call).describeKey),
		"ListKeys":                        reads((*call).listKeys),
		"ListAliases":                     reads((*call).listAliases),
		"ListKeyPolicies":                 reads((*call).listKeyPolicies),
		"ListResourceTags":                reads((*call).listResourceTags),
		"ListKeyRotations":                reads((*call).listKeyRotations),
		"GetKeyPolicy":                    reads((*call).getKeyPolicy),
		"GetKeyRotationStatus":            reads((*call).getKeyRotationStatus),
		"CreateKey":                       changes((*call).createKey),
		"ReplicateKey":                    changes((*call).replicateKey),
		"UpdatePrimaryRegion":             changes((*call).updatePrimaryRegion),
		"UpdateKeyDescription":            changes((*call).updateKeyDescription),
		"CreateAlias":                     changes((*call).createAlias),
		"UpdateAlias":                     changes((*call).updateAlias),
		"DeleteAlias":                     changes((*call).deleteAlias),
		"PutKeyPolicy":                    changes((*call).putKeyPolicy),
		"EnableKey":                       changes((*call).enableKey),
		"DisableKey":                      changes((*call).disableKey),
		"ScheduleKeyDeletion":             changes((*call).scheduleKeyDeletion),
		"CancelKeyDeletion":               changes((*call).cancelKeyDeletion),
		"RotateKeyOnDemand":               changes((*call).rotateKeyOnDemand),
		"EnableKeyRotation":               changes((*call).enableKeyRotation),
		"DisableKeyRotation":              changes((*call).disableKeyRotation),
		"TagResource":                     changes((*call).tagResource),
		"UntagResource":                   changes((*call).untagResource),
	}
}

func (c *call) answerKMS() (any, *apiError) {
	who, _, problem := c.server.authenticate(c.request, "kms", c.body)
	if problem != nil {
		return nil, problem
	}
	c.enter(who)
	op, ok := c.server.kms[c.name]
	if !ok {
		return nil, refuse("UnknownOperationException", "devkms: no operation %q%s", c.name, didYouMean(c.name, keysOf(c.server.kms)))
	}
	st := c.server.store
	if err := st.tick(c.now, c.server.random); err != nil {
		return nil, c.internal(err)
	}
	if !op.changes {
		st.mu.RLock()
		defer st.mu.RUnlock()
		return op.run(c)
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	answer, problem := op.run(c)
	if problem == nil {
		if err := st.save(); err != nil {
			return nil, c.internal(err)
		}
	}
	return answer, problem
}

// enter notes who calls.
func (c *call) enter(who *principal) {
	c.who = who
	c.audit.Principal, c.audit.Account, c.audit.AccessKey, c.audit.who = who.arn, who.account, who.accessKey, who
}

func (c *call) writeJSON(w http.ResponseWriter, answer any, problem *apiError) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	if problem != nil {
		body := map[string]string{"__type": problem.code}
		if problem.message != "" {
			body["message"] = problem.message
		}
		w.WriteHeader(problem.status)
		writeBody(w, body)
		return
	}
	w.WriteHeader(http.StatusOK)
	if answer != nil {
		writeBody(w, answer)
	}
}

// writeBody gives up silently if the caller has gone.
func writeBody(w http.ResponseWriter, v any) {
	b, err := json.Marshal(v)
	if err == nil {
		_, err = w.Write(b)
	}
	if err != nil {
		return
	}
}
