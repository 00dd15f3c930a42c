package publishtest

import (
	"maps"
	"net/http"
	"regexp"
)

// A parameter is one of the Parameter Store.
type parameter struct {
	value   string
	key     string
	tier    string
	tags    map[string]string
	version int
}

// A Parameter is what a test may know of one.
type Parameter struct {
	Value, KMSKey, Tier string
	Tags                map[string]string
	Version             int
}

// Parameter returns a parameter, and whether it is there.
func (s *Server) Parameter(name string) (Parameter, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.parameters[name]
	if !ok {
		return Parameter{}, false
	}
	return Parameter{p.value, p.key, p.tier, maps.Clone(p.tags), p.version}, true
}

func (s *Server) ssm(r *http.Request, action string, in map[string]any) (any, *refusal) {
	switch action {
	case "GetParameters":
		return s.getParameters(r, in)
	case "PutParameter":
		return s.putParameter(r, in)
	case "DescribeParameters":
		return s.describeParameters(r, in)
	case "ListTagsForResource", "AddTagsToResource":
		p := s.parameters[text(in, "ResourceId")]
		if p == nil || text(in, "ResourceType") != "Parameter" {
			return nil, refuse("InvalidResourceId", http.StatusBadRequest, "The resource ID is not valid.")
		}
		if action == "AddTagsToResource" {
			maps.Copy(p.tags, tagsOf(in))
			return map[string]any{}, nil
		}
		return map[string]any{"TagList": tagList(p.tags)}, nil
	}
	s.complain(r, "the action %s", action)
	return nil, refuse("UnknownOperationException", http.StatusBadRequest, "")
}

func (s *Server) getParameters(r *http.Request, in map[string]any) (any, *refusal) {
	s.members(r, in, "Names", "WithDecryption")
	names, _ := in["Names"].([]any)
	const most = 10
	if len(names) == 0 || len(names) > most {
		return nil, refuse("ValidationException", http.StatusBadRequest, "Member must have length less than or equal to 10")
	}
	found, missing := []map[string]any{}, []string{}
	for _, one := range names {
		name, _ := one.(string)
		p := s.parameters[name]
		if p == nil {
			missing = append(missing, name)
			continue
		}
		value := "AQICAHencrypted"
		if in["WithDecryption"] == true {
			value = p.value
		}
		found = append(found, map[string]any{"Name": name, "Type": "SecureString", "Value": value, "Version": p.version})
	}
	return map[string]any{"Parameters": found, "InvalidParameters": missing}, nil
}

func (s *Server) putParameter(r *http.Request, in map[string]any) (any, *refusal) {
	s.members(r, in, "Name", "Value", "Type", "Overwrite", "KeyId", "Tier", "Tags")
	name, value, tier := text(in, "Name"), text(in, "Value"), text(in, "Tier")
	p := s.parameters[name]
	limit := 4096
	if tier == "Advanced" {
		limit = 8192
	}
	_, hasTags := in["Tags"]
	switch {
	case !regexp.MustCompile(`^(/[A-Za-z0-9_.-]+)+$`).MatchString(name):
		return nil, refuse("ValidationException", http.StatusBadRequest, "Parameter name must be a fully qualified name.")
	case value == "" || len(value) > limit:
		return nil, refuse("ValidationException", http.StatusBadRequest, "Standard tier parameters support a maximum parameter value of 4096 characters. Value '%s' is too long.", value)
	case text(in, "Type") != "SecureString":
		s.complain(r, "the type %s", text(in, "Type"))
	case in["Overwrite"] == true && hasTags:
		return nil, refuse("ValidationException", http.StatusBadRequest, "Invalid request: tags and overwrite can't be used together.")
	case p != nil && in["Overwrite"] != true:
		return nil, refuse("ParameterAlreadyExists", http.StatusBadRequest, "The parameter already exists.")
	}
	if p == nil {
		p = &parameter{tags: tagsOf(in), key: "alias/aws/ssm"}
		s.parameters[name] = p
	}
	if k := text(in, "KeyId"); k != "" {
		p.key = k
	}
	p.value, p.tier = value, tier
	p.version++
	return map[string]any{"Version": p.version, "Tier": "Standard"}, nil
}

func (s *Server) describeParameters(r *http.Request, in map[string]any) (any, *refusal) {
	filters, _ := in["ParameterFilters"].([]any)
	found := []map[string]any{}
	for _, f := range filters {
		filter, _ := f.(map[string]any)
		values, _ := filter["Values"].([]any)
		if text(filter, "Key") != "Name" || text(filter, "Option") != "Equals" || len(values) != 1 {
			s.complain(r, "a filter that is not known here")
			continue
		}
		name, _ := values[0].(string)
		if p := s.parameters[name]; p != nil {
			found = append(found, map[string]any{"Name": name, "Type": "SecureString", "KeyId": p.key})
		}
	}
	return map[string]any{"Parameters": found}, nil
}
