package session

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"

	"github.com/seed-1f7fdfb8/sops/internal/env"
)

// STS has an endpoint in each region, and a session of any of them is good in all
// regions of the partition. So a role is assumed once for all keys of a run, and
// where the endpoint of the first key's region is silent or fails, another one
// answers.

// silence is how long STS of one region may be silent before another is asked
// beside it: a first call to the other side of the earth takes less.
const silence = 500 * time.Millisecond

// mostRegions is how many are asked at most.
const mostRegions = 3

// neighbours are regions in which every account has STS, by how the names of
// regions near to them begin. They stay within their partition, and within the
// part of the world, for those who must.
func neighbours(region string) []string {
	for _, near := range []struct {
		prefix  string
		regions []string
	}{
		{"us-gov-", []string{"us-gov-west-1", "us-gov-east-1"}},
		{"us-isob-", []string{"us-isob-east-1"}},
		{"us-isof-", []string{"us-isof-south-1", "us-isof-east-1"}},
		{"us-iso-", []string{"us-iso-east-1", "us-iso-west-1"}},
		{"eu-isoe-", []string{"eu-isoe-west-1"}},
		{"eusc-", []string{"eusc-de-east-1"}},
		{"cn-", []string{"cn-north-1", "cn-northwest-1"}},
		{"eu-", []string{"eu-west-1", "eu-central-1"}},
		{"ap-", []string{"ap-southeast-1", "ap-northeast-1"}},
		{"", []string{"us-east-1", "us-west-2"}},
	} {
		if strings.HasPrefix(region, near.prefix) {
			return near.regions
		}
	}
	return nil
}

// partition names what regions share sessions with.
func partition(region string) string {
	for _, prefix := range []string{"us-gov-", "us-isob-", "us-isof-", "us-iso-", "eu-isoe-", "eusc-", "cn-"} {
		if strings.HasPrefix(region, prefix) {
			return prefix
		}
	}
	return ""
}

// stsRegions returns where STS is asked, in this order: the region that
// configuration and key ask for, or what answered in its place before; regions
// that this machine is set to; neighbours.
func (k *Pool) stsRegions(region string) []string {
	own := k.set.STSRegions
	if len(own) == 0 {
		e := env.Env(k.env)
		own = append([]string{e.Get("AWS_REGION"), e.Get("AWS_DEFAULT_REGION")}, neighbours(region)...)
	}
	k.mu.Lock()
	before := k.answering[region]
	k.mu.Unlock()
	var all []string
	for _, r := range append([]string{before, region}, own...) {
		if r != "" && partition(r) == partition(region) && !slices.Contains(all, r) {
			all = append(all, r)
		}
	}
	return all[:min(len(all), mostRegions)]
}

// An stsAnswer is what STS of one region came to.
type stsAnswer[T any] struct {
	out    T
	err    error
	region string
}

// inRegions asks STS of the first region; after a silence, and after a failure
// that is that region's alone, the next one. The first that answers has the word.
// A code of a device is good for one use, so that with one nothing is asked twice
// that may have arrived. call learns whether another region is left.
func inRegions[T any](ctx context.Context, k *Pool, region string, once bool, call func(ctx context.Context, region string, more bool) (T, error)) (T, error) {
	regions := k.stsRegions(region)
	ctx, cancel := context.WithCancel(ctx)
	answers := make(chan stsAnswer[T])
	running, next := 0, 0
	defer func() { // nothing goes on after the return
		cancel()
		for ; running > 0; running-- {
			<-answers
		}
	}()
	start := func() {
		at, more := regions[next], next+1 < len(regions)
		running, next = running+1, next+1
		go func() {
			out, err := call(ctx, at, more)
			answers <- stsAnswer[T]{out, err, at}
		}()
	}
	start()
	var failure error    // the one to report
	firstFailed := false // and may be replaced by what another region says
	for running > 0 {
		var waiting <-chan time.Time
		if next < len(regions) && !once {
			waiting = time.After(k.silence)
		}
		select {
		case <-waiting:
			start()
			continue
		case a := <-answers:
			running--
			if a.err == nil {
				k.answers(region, a.region)
				return a.out, nil
			}
			firstFailed = firstFailed || a.region == regions[0]
			if failure == nil || regional(failure) && !regional(a.err) {
				failure = a.err
			}
			if firstFailed && !regional(failure) {
				return a.out, failure
			}
			if next < len(regions) && ctx.Err() == nil && (!once || unsent(a.err)) {
				start()
			}
		}
	}
	var none T
	return none, failure
}

// answers remembers which region answered in place of another.
func (k *Pool) answers(asked, answered string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if asked != answered || k.answering[asked] != "" {
		k.answering[asked] = answered
	}
}

// regional reports whether STS of another region may do better: there was no
// answer, or one of this region alone. What STS says of the caller or the role,
// it says everywhere.
func regional(err error) bool {
	var api smithy.APIError
	var response *awshttp.ResponseError
	switch {
	case err == nil:
		return true
	case errors.As(err, &api):
		switch api.ErrorCode() {
		case "RegionDisabledException", "Throttling", "ThrottlingException", "RequestLimitExceeded", "InternalFailure", "ServiceUnavailable":
			return true
		}
		// An endpoint of one region, such as that of a VPC, takes no signature for another.
		if strings.Contains(api.ErrorMessage(), "Credential should be scoped") {
			return true
		}
		return errors.As(err, &response) && response.HTTPStatusCode() >= 500
	}
	var mfa *MFAError
	return !errors.As(err, &mfa)
}

// unsent reports whether the request cannot have arrived.
func unsent(err error) bool { return strings.Contains(err.Error(), "dial ") }
