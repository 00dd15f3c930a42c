package json_test
import ("testing";"github.com/seed-1f7fdfb8/sops/format/json"
	"github.com/seed-1f7fdfb8/sops/internal/formattest")
func TestZZ(t *testing.T){
 for _, s := range []string{"{\n\r\"\":[]}", "{\r\"\":[]}", "{\n\"\":[]}", "  {\n\"\":[]}", "{\"\":[]\n}", "\n{\"\":[]}", "{\"\":[]}","{\"\":[] ,\"a\":1}", "{\"\":[] ,\n\"a\":1}","{\n \"\":[] ,\"a\":1}","{\n \t\"\":[] \n,\"a\":1}", "{\n\"\":[] \n , \"b\":[]}", " {\n \"\":[]}"," \t{\n \"\":[]}","\ufeff{\n\"\":[]}","\ufeff {\n\"\":[]}","\ufeff {\n  \"\":[]}"} {
  if err := formattest.RoundTrip(json.Format{}, []byte(s), formattest.All); err != nil { t.Errorf("%q: %v", s, err) }
 }
}
