// Methods of one argument that Python calls directly.
//
// pybind11's dispatcher tries overloads, converts and counts references for about 150 ns, which is
// half of what encoding a short text takes. A method made here is a plain C function, and the
// interpreter calls it as it calls `list.append`.
#pragma once

#include <pybind11/pybind11.h>

namespace bpe::bindings {

template <auto method>
struct FastMethod;

template <class Class, pybind11::object (Class::*method)(pybind11::handle) const>
struct FastMethod<method> {
  // Python has checked that `self` is a `Class`; whether its constructor ran it does not know.
  static PyObject* call(PyObject* self, PyObject* argument) {
    auto* instance = reinterpret_cast<pybind11::detail::instance*>(self);
    const auto* object = static_cast<const Class*>(instance->get_value_and_holder().value_ptr());
    if (object == nullptr) {
      PyErr_Format(PyExc_TypeError, "%s.__init__ has not run", Py_TYPE(self)->tp_name);
      return nullptr;
    }
    try {
      return (object->*method)(argument).release().ptr();
    } catch (pybind11::error_already_set& error) {
      error.restore();
    } catch (...) {
      pybind11::detail::try_translate_exceptions();
    }
    return nullptr;
  }
};

// Adds it to the class. `doc` begins with "name($self, argument, /)\n--\n\n", which is where
// Python finds the signature; both strings must be literals.
template <auto method, class Class>
void def_fast(pybind11::class_<Class>& type, const char* name, const char* doc) {
  static PyMethodDef definition{name, &FastMethod<method>::call, METH_O, doc};
  PyObject* descriptor =
      PyDescr_NewMethod(reinterpret_cast<PyTypeObject*>(type.ptr()), &definition);
  if (descriptor == nullptr) throw pybind11::error_already_set();
  type.attr(name) = pybind11::reinterpret_steal<pybind11::object>(descriptor);
}

}  // namespace bpe::bindings
