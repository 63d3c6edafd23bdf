#!/bin/sh
# 在没有网络的机器上安装 govtheme。用法见：sh install.sh --help
# Plain POSIX sh. Nothing is downloaded; every file is checked before it is used.
set -eu
# The service's own user reads what root installs.
umask 022

say() { printf '%s\n' "$*"; }
fail() { printf '错误：%s\n' "$*" >&2; exit 1; }

usage() {
    cat <<'TEXT'
用法：sh install.sh [选项]

  --to 文件夹       装在哪里（默认：root 为 /opt/govtheme，其他用户为 ~/.local/share/govtheme/program）
  --models 文件夹   模型放在哪里（默认：装成服务时为 /var/lib/govtheme，否则为用户数据文件夹）
  --python 命令     使用哪个 Python（默认：依次试 python3.N 与 python3）
  --no-model        不训练，也不复制安装包里的模型
  --service         装成 systemd 服务（需要 root）
  --help            显示这段说明

每个安装包装在自己的文件夹里，current 指向正在用的那个；装好之后才切换，中途断电不影响旧的。
TEXT
}

bundle=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
to=
models=
python=
model=yes
service=no
while [ $# -gt 0 ]; do
    case $1 in
        --to | --models | --python)
            [ $# -ge 2 ] || fail "$1 后面要写上值"
            case $1 in
                --to) to=$2 ;;
                --models) models=$2 ;;
                --python) python=$2 ;;
            esac
            shift 2
            ;;
        --no-model) model=no; shift ;;
        --service) service=yes; shift ;;
        --help | -h) usage; exit 0 ;;
        *) usage >&2; fail "不认识的选项 $1" ;;
    esac
done

fact() { sed -n "s/^$1=//p" "$bundle/platform"; }
root() { [ "$(id -u)" -eq 0 ]; }
absolute() { case $1 in /*) say "$1" ;; *) say "$(pwd)/$1" ;; esac; }

check_bundle() {
    if [ ! -f "$bundle/platform" ] || [ ! -f "$bundle/SHA256SUMS" ]; then fail "安装包不完整：$bundle"; fi
    command -v sha256sum >/dev/null || fail "没有 sha256sum 命令，无法核对安装包"
    (cd "$bundle" && sha256sum -c SHA256SUMS) >/dev/null 2>&1 ||
        fail "安装包与 SHA256SUMS 不符，可能没有拷贝完整。请重新拷贝；在 $bundle 里运行 sha256sum -c SHA256SUMS 可看到是哪个文件"
}

fits() {
    "$1" -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$(fact python)')" 2>/dev/null
}

find_python() {
    if [ -n "$python" ]; then
        fits "$python" || fail "$python 不是 Python $(fact python)；这个安装包只用于 Python $(fact python)"
        return
    fi
    for python in "python$(fact python)" python3; do
        if command -v "$python" >/dev/null && fits "$python"; then return; fi
    done
    fail "没有找到 Python $(fact python)。请先安装它，或用 --python 指出它在哪里；别的 Python 版本要在联网的机器上用那个版本另做安装包"
}

check_machine() {
    [ "$(uname -m)" = "$(fact machine)" ] ||
        fail "这个安装包用于 $(fact machine)，这台机器是 $(uname -m)。请在同类机器上另做安装包"
}

install_program() {
    # Named by content as well: another bundle of the same version never replaces one in use.
    release=$(fact version)-$(sha256sum "$bundle/SHA256SUMS" | cut -c1-8)
    place=$to/$release
    if [ -f "$place/.whole" ]; then
        say "这个安装包已经装在 $place，不再重装"
    else
        say "安装到 $place ……"
        rm -rf "$place"
        mkdir -p "$to"
        "$python" -m venv --without-pip "$place" || fail "不能在 $place 建立 Python 环境"
        for pip in "$bundle"/wheels/pip-*.whl; do :; done
        # pip runs from its own wheel, so that not even Debian's missing python3-venv is missed;
        # no setting of the machine sends it to an index.
        PIP_CONFIG_FILE=/dev/null "$place/bin/python" -I "$pip/pip" --isolated \
            --quiet --disable-pip-version-check --no-cache-dir install --no-index \
            --no-deps --require-hashes --find-links "$bundle/wheels" \
            -r "$bundle/requirements.txt" ||
            fail "安装没有完成；$place 是半成品，可以删除"
        "$place/bin/govtheme" --version >/dev/null || fail "装好的程序不能运行；请把上面的信息告诉维护者"
        touch "$place/.whole"
    fi
    ln -sfn "$release" "$to/current.new"
    mv -T "$to/current.new" "$to/current" 2>/dev/null || { rm -f "$to/current"; mv "$to/current.new" "$to/current"; }
}

as_owner() {
    if [ "$service" = yes ]; then
        runuser -u govtheme -- env GOVTHEME_MODELS="$models" "$@"
    else
        env GOVTHEME_MODELS="$models" "$@"
    fi
}

install_model() {
    if [ -z "$models" ]; then
        models=$("$to/current/bin/python" -c 'from model.bundled import default_store; print(default_store())')
    fi
    [ "$model" = yes ] || return 0
    if [ -f "$models/current" ]; then
        say "$models 里已有模型，保持不变"
    elif [ -d "$bundle/models" ]; then
        say "复制安装包里的模型到 $models ……"
        mkdir -p "$models"
        for source in "$bundle"/models/*/; do
            cp -R "$source" "$models/"
        done
        cp "$bundle/models/current" "$models/current.new"
        mv "$models/current.new" "$models/current"
        [ "$service" = no ] || chown -R govtheme:govtheme "$models"
        as_owner "$to/current/bin/govtheme" models verify
    else
        say "用自带语料训练模型 ……"
        as_owner "$to/current/bin/govtheme" train
    fi
}

prepare_service() {
    root || fail "--service 需要 root：sudo sh install.sh --service"
    [ -n "$models" ] || models=/var/lib/govtheme
    [ "$models" = /var/lib/govtheme ] || fail "装成服务时模型放在 /var/lib/govtheme，不能用 --models 改动"
    [ -d /etc/systemd/system ] || fail "没有 /etc/systemd/system，这台机器似乎不用 systemd"
    command -v runuser >/dev/null || fail "没有 runuser 命令"
    id govtheme >/dev/null 2>&1 ||
        useradd --system --user-group --home-dir /var/lib/govtheme --shell /usr/sbin/nologin govtheme
    install -d -o govtheme -g govtheme -m 0750 "$models"
}

has_workbench() { [ -n "$(find "$bundle/wheels" -name 'nicegui-*.whl')" ]; }

install_unit() {
    sed "s|/opt/govtheme/|$to/|g" "$bundle/$1" >"/etc/systemd/system/$1.new"
    mv "/etc/systemd/system/$1.new" "/etc/systemd/system/$1"
}

install_service() {
    install_unit govtheme.service
    if has_workbench; then install_unit govtheme-workbench.service; fi
    if [ ! -f /etc/govtheme.env ]; then
        install -o root -g govtheme -m 0640 "$bundle/govtheme.env" /etc/govtheme.env
    fi
    if [ -d /run/systemd/system ]; then
        systemctl daemon-reload
        systemctl enable govtheme.service
        systemctl restart govtheme.service
        # A port in use or a wrong setting shows at once.
        sleep 3
        systemctl is-active --quiet govtheme.service ||
            fail "服务没有起来，原因见 journalctl -u govtheme；改好后运行 systemctl restart govtheme"
    else
        say "systemd 没有在运行，单元已写好，但没有启动"
    fi
}

next_steps() {
    say ""
    say "装好了：govtheme $release，在 $to/current"
    if [ "$service" = yes ]; then
        say "服务的状态： systemctl status govtheme"
        say "看日志：     journalctl -u govtheme -f"
        say "改设置：     编辑 /etc/govtheme.env，再 systemctl restart govtheme"
        if has_workbench; then say "打开工作台： systemctl enable --now govtheme-workbench，再看 http://127.0.0.1:8080"; fi
        say "重新训练：   runuser -u govtheme -- env GOVTHEME_MODELS=$models $to/current/bin/govtheme train --corpus 语料.csv"
    else
        # What this user's commands look for anyway need not be named.
        named=
        [ "$models" = "$("$to/current/bin/python" -c 'from model.bundled import default_store; print(default_store())')" ] ||
            named=" --models $models"
        say "判断一段：   $to/current/bin/govtheme classify 网格员每天入户走访$named"
        say "启动服务：   $to/current/bin/govtheme serve --port 8000$named"
        if has_workbench; then say "打开工作台： $to/current/bin/govtheme workbench$named"; fi
    fi
    say "退回旧版本： ln -sfn 旧版本的文件夹名 $to/current"
}

check_bundle
check_machine
find_python
if [ -z "$to" ]; then
    if root; then to=/opt/govtheme; else to=$HOME/.local/share/govtheme/program; fi
fi
to=$(absolute "$to")
[ -z "$models" ] || models=$(absolute "$models")
case $to in *[!A-Za-z0-9_./-]*) [ "$service" = no ] || fail "装成服务时，--to 只能含英文字母、数字和 _ . / -" ;; esac
[ "$service" = no ] || prepare_service
install_program
install_model
[ "$service" = no ] || install_service
next_steps
