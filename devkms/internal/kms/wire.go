package kms

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/seed-1f7fdfb8/sops/devkms/internal/apierror"
)

func decoding[In any](f func(*Call, *In) (any, *apierror.Error)) func(*Call) (any, *apierror.Error) {
	return func(c *Call) (any, *apierror.Error) {
		var in In
		if err := json.Unmarshal(c.Body, &in); err != nil {
			return nil, apierror.Refuse("SerializationException", "devkms: %v", err)
		}
		return f(c, &in)
	}
}

// Write writes an answer, or the refusal, as KMS's JSON.
func Write(w http.ResponseWriter, answer any, problem *apierror.Error) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	if problem != nil {
		body := map[string]string{"__type": problem.Code}
		if problem.Message != "" {
			body["message"] = problem.Message
		}
		w.WriteHeader(problem.Status)
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

// Epoch is how KMS's JSON spells a time.
func Epoch(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }
