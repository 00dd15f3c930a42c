package yamltext

// typeOfTag returns the type of a scalar with a written tag.
func typeOfTag(tag string) Type {
	for t, short := range shortTags {
		if short == tag {
			return Type(t)
		}
	}
	return Other
}

// plainType resolves a plain scalar.
func plainType(s string) Type {
	if s == "" {
		return Null
	}
	switch c := s[0]; {
	case isDigit(c), c == '.', c == '-', c == '+':
		return numberType(s)
	case c == '<':
		if s == "<<" {
			return Merge
		}
	case c == '~', c == 'n', c == 'N':
		if s == "~" || s == "null" || s == "Null" || s == "NULL" {
			return Null
		}
	case c == 't', c == 'T', c == 'f', c == 'F':
		switch s {
		case "true", "True", "TRUE", "false", "False", "FALSE":
			return Bool
		}
	}
	return Str
}
