"""Reading GitLab: projects, merge requests and their reviews, issues, pipelines, deployments, releases, accounts."""
