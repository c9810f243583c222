// Command kube-apiserver is the unmodified Kubernetes API server, built from its Go module: the tests need the real
// one, and no package registry that npm or a Linux distribution uses carries it.
package main

import (
	"os"

	"k8s.io/component-base/cli"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
)

func main() {
	os.Exit(cli.Run(app.NewAPIServerCommand()))
}
