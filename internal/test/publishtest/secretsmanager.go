package publishtest

import (
	"maps"
	"net/http"
	"regexp"
)

// A secret is one of AWS Secrets Manager.
type secret struct {
	value   string
	tags    map[string]string
	key     string
	version int
	tokens  map[string]bool
	deleted bool
}

// A Secret is what a test may know of one.
type Secret struct {
	Value, KMSKey string
	Tags          map[string]string
	Versions      int
}

// Secret returns a secret, and whether it is there.
func (s *Server) Secret(name string) (Secret, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one, ok := s.secrets[name]
	if !ok {
		return Secret{}, false
	}
	return Secret{one.value, one.key, maps.Clone(one.tags), one.version}, true
}

// SetSecret makes a secret; without a value it has no version yet.
func (s *Server) SetSecret(name, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.secrets[name] = &secret{value: value, tags: map[string]string{}, tokens: map[string]bool{}}
	if value != "" {
		s.secrets[name].version = 1
	}
}

// DeleteSecret schedules the deletion of a secret.
func (s *Server) DeleteSecret(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.secrets[name].deleted = true
}

func invalid(format string, args ...any) *refusal {
	return refuse("InvalidParameterException", http.StatusBadRequest, format, args...)
}

func (s *Server) secretsmanager(r *http.Request, action string, in map[string]any) (any, *refusal) {
	if action == "CreateSecret" {
		return s.createSecret(r, in)
	}
	name := text(in, "SecretId")
	one := s.secrets[name]
	switch {
	case one == nil:
		return nil, refuse("ResourceNotFoundException", http.StatusBadRequest, "Secrets Manager can't find the specified secret.")
	case one.deleted && action != "DescribeSecret":
		return nil, refuse("InvalidRequestException", http.StatusBadRequest, "You can't perform this operation on the secret because it was marked for deletion.")
	}
	found := map[string]any{"ARN": "arn:aws:secretsmanager:" + Region + ":1:secret:" + name + "-AbCdEf", "Name": name}
	switch action {
	case "GetSecretValue":
		s.members(r, in, "SecretId")
		if one.version == 0 {
			return nil, refuse("ResourceNotFoundException", http.StatusBadRequest, "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT")
		}
		found["SecretString"] = one.value
	case "DescribeSecret":
		s.members(r, in, "SecretId")
		found["Tags"] = tagList(one.tags)
		if one.key != "" {
			found["KmsKeyId"] = one.key
		}
	case "PutSecretValue":
		s.members(r, in, "SecretId", "SecretString", "ClientRequestToken")
		if no := s.newVersion(one, in); no != nil {
			return nil, no
		}
	case "UpdateSecret":
		s.members(r, in, "SecretId", "KmsKeyId")
		one.key = text(in, "KmsKeyId")
	case "TagResource":
		s.members(r, in, "SecretId", "Tags")
		maps.Copy(one.tags, tagsOf(in))
		return nil, nil
	default:
		s.complain(r, "the action %s", action)
		return nil, refuse("UnknownOperationException", http.StatusBadRequest, "")
	}
	return found, nil
}

func (s *Server) createSecret(r *http.Request, in map[string]any) (any, *refusal) {
	s.members(r, in, "Name", "SecretString", "ClientRequestToken", "KmsKeyId", "Tags")
	name := text(in, "Name")
	switch {
	case !regexp.MustCompile(`^[A-Za-z0-9/_+=.@-]{1,512}$`).MatchString(name):
		return nil, invalid("Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!")
	case s.secrets[name] != nil:
		return nil, refuse("ResourceExistsException", http.StatusBadRequest, "The operation failed because the secret %s already exists.", name)
	}
	one := &secret{tags: tagsOf(in), key: text(in, "KmsKeyId"), tokens: map[string]bool{}}
	if no := s.newVersion(one, in); no != nil {
		return nil, no
	}
	s.secrets[name] = one
	return map[string]any{"ARN": "arn:aws:secretsmanager:" + Region + ":1:secret:" + name + "-AbCdEf", "Name": name}, nil
}

// newVersion gives a secret a value, once for each token.
func (s *Server) newVersion(one *secret, in map[string]any) *refusal {
	value, token := text(in, "SecretString"), text(in, "ClientRequestToken")
	const least, longest, most = 32, 64, 65536
	switch {
	case len(token) < least || len(token) > longest:
		return invalid("ClientRequestToken must be 32-64 characters long.")
	case value == "" || len(value) > most:
		return refuse("ValidationException", http.StatusBadRequest, "1 validation error detected: Value '%s' at 'secretString' failed to satisfy constraint", value)
	case one.tokens[token]:
		return nil
	}
	one.tokens[token] = true
	one.value = value
	one.version++
	return nil
}
