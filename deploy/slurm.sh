#!/bin/bash
# One run over several nodes of a Slurm cluster, on a file system that all of them see:
#   sbatch deploy/slurm.sh web --input '/scratch/crawl/*.warc.gz' -o /scratch/runs/web
# algok[ray] is installed in the environment that is active where sbatch is called. The same command resumes.
#SBATCH --job-name=algok
#SBATCH --nodes=4
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=32
#SBATCH --mem-per-cpu=2G
#SBATCH --time=24:00:00
#SBATCH --requeue
set -euo pipefail
trap 'jobs -p | xargs -r kill' EXIT

# Who does not know this job's token does not join its cluster.
RAY_AUTH_MODE=token
RAY_AUTH_TOKEN=$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')
export RAY_AUTH_MODE RAY_AUTH_TOKEN

port=${ALGOK_RAY_PORT:-6379}  # another one where two jobs may share a node
head=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
address="$(srun --nodes=1 --ntasks=1 --nodelist="$head" hostname --ip-address | cut -d ' ' -f 1):$port"

# A step that ends ends its Ray processes with it, so these stay in the foreground of steps in the background.
srun --nodes=1 --ntasks=1 --nodelist="$head" \
  ray start --head --port="$port" --num-cpus="$SLURM_CPUS_PER_TASK" --include-dashboard=false --block &
until ray status --address "$address" > /dev/null 2>&1; do sleep 2; done
if [ "$SLURM_JOB_NUM_NODES" -gt 1 ]; then
  srun --nodes=$((SLURM_JOB_NUM_NODES - 1)) --ntasks=$((SLURM_JOB_NUM_NODES - 1)) --exclude="$head" \
    ray start --address="$address" --num-cpus="$SLURM_CPUS_PER_TASK" --block &
fi

algok run "$@" --executor ray --address "$address" --log-format json
