package hint

import (
	"strconv"
	"strings"
)

// object is the layout that programs rely on: fields are only ever added, at
// the end.
type object struct {
	Error    string    `json:"error"`
	Code     string    `json:"code"`
	Exit     int       `json:"exit"`
	Hints    []string  `json:"hints"`
	Position *Position `json:"position,omitempty"`
	Detail   string    `json:"detail,omitempty"`
}

// writeJSON writes each error of err on a line of its own. Texts and numbers
// always encode.
func writeJSON(b *strings.Builder, err error, options Options) {
	for _, one := range split(err) {
		o := object{
			Error:  one.Error(),
			Code:   Code(one, options.Exit(one)),
			Exit:   options.Exit(one),
			Hints:  append([]string{}, Hints(one)...),
			Detail: Report(one),
		}
		if p := PositionOf(one); p != (Position{}) {
			o.Position = &p
		}
		_ = EncodeJSON(b, o, "")
	}
}

// Code returns the word for err that programs compare: what the outermost
// error with a Code method says, or the name of the exit status.
func Code(err error, status int) string {
	var code string
	each(err, func(err error) bool {
		if c, ok := err.(interface{ Code() string }); ok {
			code = c.Code()
		}
		return code != ""
	})
	if code == "" {
		code = statusName(status)
	}
	return code
}

// statusName names an exit status as wrappers of sops do.
func statusName(status int) string {
	names := map[int]string{
		1:   "ErrorGeneric",
		2:   "CouldNotReadInputFile",
		3:   "CouldNotWriteOutputFile",
		4:   "ErrorDumpingTree",
		5:   "ErrorReadingConfig",
		6:   "ErrorInvalidKMSEncryptionContextFormat",
		7:   "ErrorInvalidSetFormat",
		8:   "ErrorConflictingParameters",
		21:  "ErrorEncryptingMac",
		23:  "ErrorEncryptingTree",
		24:  "ErrorDecryptingMac",
		25:  "ErrorDecryptingTree",
		49:  "CannotChangeKeysFromNonExistentFile",
		51:  "MacMismatch",
		52:  "MacNotFound",
		61:  "ConfigFileNotFound",
		85:  "KeyboardInterrupt",
		91:  "InvalidTreePathFormat",
		92:  "NeedAtLeastOneDocument",
		100: "NoFileSpecified",
		111: "NoEncryptionKeyFound",
		112: "DuplicateDecryptionKeyType",
		128: "CouldNotRetrieveKey",
		200: "FileHasNotBeenModified",
		201: "NoEditorFound",
		202: "FailedToCompareVersions",
		203: "FileAlreadyEncrypted",
	}
	if name, ok := names[status]; ok {
		return name
	}
	return "Exit" + strconv.Itoa(status)
}
