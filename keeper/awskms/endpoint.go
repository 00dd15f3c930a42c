package awskms

import (
	"cmp"
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	smithyendpoints "github.com/aws/smithy-go/endpoints"

	"github.com/seed-1f7fdfb8/sops/internal/env"
)

// endpoint returns the URL that configuration gives for a service, KMS or STS,
// or nil for the usual one. The SDK has the same order, but for the roles of
// profiles it looks at AWS_ENDPOINT_URL_STS alone.
func endpoint(ctx context.Context, e env.Env, p *profile, service, mapped string) *string {
	if mapped != "" {
		return &mapped
	}
	if ignore := p.shared.IgnoreConfiguredEndpoints; ignore != nil && *ignore ||
		strings.EqualFold(e.Get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"), "true") {
		return nil
	}
	url := cmp.Or(e.Get("AWS_ENDPOINT_URL_"+service), e.Get("AWS_ENDPOINT_URL"))
	if url == "" {
		url, _, _ = p.shared.GetServiceBaseEndpoint(ctx, service)
	}
	if url = cmp.Or(url, p.shared.BaseEndpoint); url == "" {
		return nil
	}
	return &url
}

// kmsURL returns where o sends its calls, to be named in errors.
func kmsURL(ctx context.Context, o kms.Options) string {
	return resolved(kms.NewDefaultEndpointResolverV2().ResolveEndpoint(ctx, kms.EndpointParameters{
		Region: &o.Region, Endpoint: o.BaseEndpoint,
		UseDualStack: aws.Bool(o.EndpointOptions.UseDualStackEndpoint == aws.DualStackEndpointStateEnabled),
		UseFIPS:      aws.Bool(o.EndpointOptions.UseFIPSEndpoint == aws.FIPSEndpointStateEnabled),
	}))
}

// stsURL is kmsURL for STS.
func stsURL(ctx context.Context, region string, endpoint *string) string {
	return resolved(sts.NewDefaultEndpointResolverV2().ResolveEndpoint(ctx, sts.EndpointParameters{
		Region: &region, Endpoint: endpoint, UseGlobalEndpoint: aws.Bool(false),
		UseDualStack: aws.Bool(false), UseFIPS: aws.Bool(false),
	}))
}

func resolved(e smithyendpoints.Endpoint, err error) string {
	if err != nil || e.URI.Host == "" {
		return "AWS"
	}
	return e.URI.Redacted()
}
