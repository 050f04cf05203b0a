# 和气 Heqi. `make run` serves the product, `make shell` opens a conversation, `make test` runs every test.
.DEFAULT_GOAL := help
SHELL := /bin/bash
BIN := .venv/bin
export TF_CPP_MIN_LOG_LEVEL ?= 3
export SQLALCHEMY_SILENCE_UBER_WARNING := 1
export RASA_TELEMETRY_ENABLED := false

.PHONY: help setup train pages run shell test promises lint bench bench-foreign lock clean

help: ## 列出命令
	@grep -E '^[a-z-]+:.*##' Makefile | sed 's/:.*##/ —/'

setup: ## 建环境、装依赖、建库、装演示店
	@./install.sh
	@$(BIN)/heqi database

train: setup ## 训练语言管线与对话(没有变化就不做)
	@$(BIN)/heqi train
	@$(BIN)/heqi dialogue

pages: setup ## 构建网页(没有变化就不做)
	@./front/build.sh

run: train pages ## 启动产品
	@$(BIN)/heqi run

shell: train ## 在终端里和机器人对话
	@$(BIN)/heqi shell

test: train pages ## 全部测试,两个进程分着跑,一个文件在一个进程里
	@$(BIN)/python -m pytest -n 2 --dist loadfile

promises: train ## 每个承诺全力攻击一遍,各印一行(很久)
	@$(BIN)/python -m tests.promises

lint: setup ## 风格、类型、引用方向
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

bench: train ## 测量
	@$(BIN)/heqi bench nlu
	@$(BIN)/heqi bench negotiation
	@$(BIN)/heqi bench load

bench-foreign: setup ## NegMAS 的谈判者当顾客(环境自备在 .venv-negmas:它与 Rasa 锁定的版本不相容)
	@test -x .venv-negmas/bin/negmas || { $(BIN)/uv venv -q --python $(BIN)/python .venv-negmas && \
		$(BIN)/uv pip install -q --python .venv-negmas/bin/python negmas==0.16.0 msgspec pyyaml click tqdm tabulate; }
	@.venv-negmas/bin/python -c "from bot.command import main; main()" bench negotiation --cases 0 --foreign 20

lock: ## 重新解析依赖锁
	@$(BIN)/uv pip compile -q --python-version 3.10 --generate-hashes --no-emit-index-url requirements-dev.in -o requirements.lock

clean: ## 删掉环境、模型与演示数据
	rm -rf .venv .venv-negmas var models build *.egg-info
